"""Load on a server: from wrk where it is installed, else from a slower client of our own."""

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


@dataclass(frozen=True)
class Load:
    """Requests of one kind, and how many connections send them at once."""

    path: str
    connections: int
    headers: tuple[str, ...] = ()
    script: str = ""
    """The script of a posted message; empty for GET."""
    characters: int = 0


@dataclass(frozen=True)
class Figures:
    """The results of a round."""

    cpu: float
    """Microseconds of CPU time of the server for each request."""
    rate: float
    """Requests per second."""
    p99: float
    """The 99th percentile of response times in milliseconds; 0 where not known."""


def measure(server: Server, load: Load, seconds: float) -> Figures:
    """Put a load on a server for some seconds."""
    before, begun = server.cpu(), time.monotonic()
    count, p99 = _wrk(server, load, seconds) if WRK else asyncio.run(_own(server, load, seconds))
    spent = time.monotonic() - begun
    return Figures((server.cpu() - before) / max(count, 1) * 1e6, count / spent, p99)


def _wrk(server: Server, load: Load, seconds: float) -> tuple[int, float]:
    command = [WRK, "-t1", f"-c{load.connections}", f"-d{seconds:.0f}s", "--latency"]
    for header in load.headers:
        command += ["-H", header]
    if load.script:
        command += ["-s", str(POST)]
    command.append(server.address + load.path)
    if load.script:
        command += ["--", load.script, str(load.characters)]
    report = subprocess.run(pinned(1, *command), capture_output=True, text=True, check=True).stdout
    if failed := re.search(r"Non-2xx or 3xx responses: (\d+)", report):
        raise RuntimeError(f"{failed[1]} requests failed at {server.address}{load.path}")
    requests, p99 = (
        re.search(r"(\d+) requests in", report),
        re.search(r"99% +([\d.]+)(us|ms|s)", report),
    )
    if not requests:
        raise RuntimeError(report)
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    return int(requests[1]), float(p99[1]) * scale[p99[2]] if p99 else 0.0


async def _own(server: Server, load: Load, seconds: float) -> tuple[int, float]:
    until = time.monotonic() + seconds
    counts = await asyncio.gather(
        *(_client(server, load, until, number) for number in range(load.connections))
    )
    return sum(counts), 0.0


async def _client(server: Server, load: Load, until: float, number: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    count = 0
    while time.monotonic() < until:
        writer.write(_request(load, f"{number}-{count}-{until}"))
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
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
        disposition = 'Content-Disposition: form-data; name="message"'
        body = f"--b7b7b7\r\n{disposition}\r\n\r\n{text}\r\n--b7b7b7--\r\n".encode()
        lines.append("Content-Type: multipart/form-data; boundary=b7b7b7")
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, *load.headers, "", ""]).encode() + body
