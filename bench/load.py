"""Load on a server: by wrk where it is installed, else by a slower client in Python."""

import asyncio
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bench.servers import Server, pinned

WRK = shutil.which("wrk")
POST = Path(__file__).with_name("post.lua")
WORDS = {"sv": "Våra barns skola ", "ar": "مرحبا بكم في "}
BOUNDARY = "----portal7b1"


@dataclass(frozen=True)
class Load:
    """What is requested, over how many connections at once."""

    path: str
    connections: int
    headers: tuple[str, ...] = ()
    script: str = ""
    """The language of a posted message, ``sv`` or ``ar``; empty for GET."""
    characters: int = 0
    """The length of the message."""
    email: str = ""
    """The address in the form; empty where the sender leaves none."""


@dataclass(frozen=True)
class Figures:
    """The result of one measurement."""

    cpu: float
    """Microseconds of the server's CPU time for one request."""
    rate: float
    """Requests a second."""
    p99: float
    """Milliseconds within which 99 of 100 requests had their response; 0 where not measured."""


def measure(server: Server, load: Load, seconds: float) -> Figures:
    """Put a load on a server.

    Raises:
        RuntimeError: when a request fails.
    """
    cpu, begun = server.cpu(), time.monotonic()
    count, p99 = (
        _run_wrk(server, load, seconds) if WRK else asyncio.run(_run_clients(server, load, seconds))
    )
    elapsed = time.monotonic() - begun
    return Figures((server.cpu() - cpu) / max(count, 1) * 1e6, count / elapsed, p99)


def _run_wrk(server: Server, load: Load, seconds: float) -> tuple[int, float]:
    duration = max(1, round(seconds))  # wrk counts in whole seconds
    command = [WRK, "-t1", f"-c{load.connections}", f"-d{duration}s", "--latency"]
    for header in load.headers:
        command += ["-H", header]
    if load.script:
        command += ["-s", str(POST)]
    command.append(server.address + load.path)
    if load.script:
        command += ["--", load.script, str(load.characters), load.email]
    output = subprocess.run(pinned(1, *command), capture_output=True, text=True, check=True).stdout
    if failed := re.search(r"Non-2xx or 3xx responses: (\d+)", output):
        raise RuntimeError(f"{failed[1]} requests failed at {server.address}{load.path}")
    requests = re.search(r"(\d+) requests in", output)
    p99 = re.search(r"99% +([\d.]+)(us|ms|s)", output)
    if not requests:
        raise RuntimeError(output)
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    return int(requests[1]), float(p99[1]) * scale[p99[2]] if p99 else 0.0


async def _run_clients(server: Server, load: Load, seconds: float) -> tuple[int, float]:
    until = time.monotonic() + seconds
    counts = await asyncio.gather(
        *(_run_client(server, load, until, number) for number in range(load.connections))
    )
    return sum(counts), 0.0


async def _run_client(server: Server, load: Load, until: float, number: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    count = 0
    while time.monotonic() < until:
        writer.write(_request(load, f"{number}-{count}-{until}"))
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if head[9:10] not in b"23":
            raise RuntimeError(f"a request failed at {server.address}{load.path}: {head[:12]!r}")
        length = re.search(rb"content-length: (\d+)", head)
        if length and not head.startswith(b"http/1.1 304"):
            await reader.readexactly(int(length[1]))
        count += 1
    writer.close()
    return count


def _request(load: Load, mark: str) -> bytes:
    lines = [f"{'POST' if load.script else 'GET'} {load.path} HTTP/1.1", "Host: 127.0.0.1"]
    body = b""
    if load.script:
        text = (mark + " " + WORDS[load.script] * load.characters)[: load.characters]
        fields = {"message": text, "email": load.email, "website": ""}
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        body = ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()
        lines.append(f"Content-Type: multipart/form-data; boundary={BOUNDARY}")
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, *load.headers, "", ""]).encode() + body
