"""Servers on loopback, started for a measurement and stopped after it.

Each runs on the first core and the load on the second, where there are two. What a server
costs is the CPU time of its process and all child processes (Linux: /proc).
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0
"""Seconds after which a server is taken to have failed."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """A running server.

    Attributes:
        start_seconds: from its start to its first response.
    """

    process: subprocess.Popen[bytes]
    port: int
    start_seconds: float = field(default=0.0)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def processes(self) -> list[int]:
        """The ids of its process and all child processes."""
        pids = [self.process.pid]
        for pid in pids:  # the list grows while it is read
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                pids += map(int, task.read_text().split())
        return pids

    def cpu(self) -> float:
        """Seconds of CPU time so far."""
        total = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def memory(self) -> float:
        """Resident megabytes."""
        pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.processes())
        return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def descriptors(self) -> int:
        """Open files and sockets."""
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.processes())


def pinned(core: int, *command: object) -> list[str]:
    """A command that runs on one core, where there are several."""
    words = [str(word) for word in command]
    return ["taskset", "-c", str(core), *words] if (os.cpu_count() or 1) > 1 else words


@contextmanager
def started(
    command: list[object], environment: Mapping[str, str], path: str, folder: Path = ROOT
) -> Iterator[Server]:
    """Start a server, wait for its first response, and stop it at the end.

    Args:
        command: ``{port}`` in it stands for the port.
        environment: added to that of this process.
        path: requested to see whether the server responds.
        folder: the server runs in it and imports from it.

    Raises:
        RuntimeError: when it does not respond.
    """
    port = free_port()
    words = [str(word).replace("{port}", str(port)) for word in command]
    begun = time.monotonic()
    process = subprocess.Popen(
        pinned(0, *words),
        env={**os.environ, "PYTHONPATH": str(folder), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    server = Server(process, port)
    try:
        while not responds(port, path):
            if process.poll() is not None or time.monotonic() - begun > PATIENCE:
                raise RuntimeError(f"does not respond: {' '.join(words)}")
            time.sleep(0.005)
        server.start_seconds = time.monotonic() - begun
        yield server
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    """A port that no process listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def responds(port: int, path: str) -> bool:
    """Whether a server on a port has a page."""
    try:
        return b" 200 " in fetch(port, path)[:20]
    except OSError:
        return False


def fetch(port: int, path: str) -> bytes:
    """The response to a plain GET, headers and body."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    response = b""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(request.encode())
        while data := connection.recv(65536):
            response += data
    return response


def portal(folder: Path, **environment: str) -> tuple[list[object], dict[str, str]]:
    """Command and environment of the portal, with a database of its own in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    command: list[object] = [sys.executable, "-m", "portal", "serve", "--port", "{port}"]
    settings = {"DATABASE_URL": f"sqlite:///{folder}/portal.db", "PORTAL_MESSAGES_PER_HOUR": "0"}
    return command, settings | environment
