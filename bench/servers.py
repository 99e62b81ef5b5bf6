"""Servers on loopback, started for a measurement and stopped after it.

Each server runs on the first core and the load on the second, where there are two. The
cost of a server is the CPU time of its whole process tree, read from /proc.
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
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """A running server.

    Attributes:
        took: seconds from its start to its first response.
    """

    process: subprocess.Popen[bytes]
    port: int
    took: float = field(default=0.0)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def processes(self) -> list[int]:
        """The process of the server and all its descendants."""
        pids, index = [self.process.pid], 0
        while index < len(pids):
            tasks = Path(f"/proc/{pids[index]}/task")
            for task in tasks.glob("*/children"):
                pids += map(int, task.read_text().split())
            index += 1
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
    """A command bound to one core, where there is more than one."""
    words = [str(word) for word in command]
    return ["taskset", "-c", str(core), *words] if (os.cpu_count() or 1) > 1 else words


@contextmanager
def started(
    command: list[object], environment: Mapping[str, str], path: str, where: Path = ROOT
) -> Iterator[Server]:
    """Start a server, wait for its first response, and stop it at the end.

    Args:
        command: ``{port}`` in it stands for the port.
        environment: variables in addition to those of this process.
        path: the page that is requested until the server answers.
        where: the working directory, which modules are imported from.

    Raises:
        RuntimeError: when the server does not answer.
    """
    port = free_port()
    words = [str(word).replace("{port}", str(port)) for word in command]
    begun = time.monotonic()
    process = subprocess.Popen(
        pinned(0, *words),
        env={**os.environ, "PYTHONPATH": str(where), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=where,
    )
    server = Server(process, port)
    try:
        while not answers(port, path):
            if process.poll() is not None or time.monotonic() - begun > PATIENCE:
                raise RuntimeError(f"does not answer: {' '.join(words)}")
            time.sleep(0.005)
        server.took = time.monotonic() - begun
        yield server
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    """A port that no process listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def answers(port: int, path: str) -> bool:
    """Whether a server on that port answers the path with 200."""
    try:
        return b" 200 " in fetch(port, path)[:20]
    except OSError:
        return False


def fetch(port: int, path: str) -> bytes:
    """The response to a plain GET request, headers included."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    response = b""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(request.encode())
        while piece := connection.recv(65536):
            response += piece
    return response


def portal(folder: Path, **environment: str) -> tuple[list[object], dict[str, str]]:
    """The command and the environment of a portal with a database of its own in a folder."""
    command: list[object] = [sys.executable, "-m", "portal", "serve", "--port", "{port}"]
    usual = {"DATABASE_URL": f"sqlite:///{folder}/portal.db", "PORTAL_MESSAGES_PER_HOUR": "0"}
    return command, usual | environment
