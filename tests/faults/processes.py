"""Portals in processes of their own, which can be killed, and a history of what was sent."""

import asyncio
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx2
import sqlalchemy as sa

from portal.settings import Settings
from portal.storage.database import Database
from portal.storage.tables import cases, messages
from tests.unit.commands.test_serve import free_port, wait_for
from tests.visitor import parts


class Node(NamedTuple):
    """A portal that serves."""

    process: subprocess.Popen[str]
    address: str
    settings: Settings

    def client(self) -> httpx2.AsyncClient:
        """A client with connections of its own."""
        return httpx2.AsyncClient(base_url=self.address, timeout=20, verify=False)

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Where to open a connection."""
        host, _, port = self.address.removeprefix("http://").partition(":")
        return host, int(port)

    async def until_refused(self) -> None:
        """Wait until it accepts no connection."""
        with suppress(ConnectionRefusedError):
            while True:
                _, writer = await asyncio.open_connection(*self.host_and_port)
                writer.close()
                await asyncio.sleep(0.02)


@contextmanager
def started(folder: Path, port: int | None = None, **environment: str) -> Iterator[Node]:
    """Serve a database; kill the process at the end, if it has not ended.

    Args:
        folder: with the database, where the environment names no other.
        port: a free one when left out.
        environment: settings.
    """
    port = port or free_port()
    environment = {
        "DATABASE_URL": f"sqlite:///{folder}/portal.db",
        "PORTAL_MESSAGES_PER_HOUR": "0",
        "PYTHONPATH": ".",
    } | environment
    command = [sys.executable, "-m", "portal", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/livez")
            yield Node(process, f"http://127.0.0.1:{port}", Settings.read(environment))
        finally:
            process.kill()


@contextmanager
def traced(node: Node, *expressions: str, output: str = "/dev/null") -> Iterator[None]:
    """Attach strace to all threads of a node; at the end it lets go of the node.

    Args:
        node: which may be dead at the end.
        expressions: what is traced, and what is done to it (``strace -e``).
        output: the file for the trace.
    """
    command = ["strace", "-f", "-p", str(node.process.pid), "-s", "30", "-o", output]
    command += [word for expression in expressions for word in ("-e", expression)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as trace:
        assert trace.stderr
        line = trace.stderr.readline()
        assert "attached" in line, line
        try:
            yield
        finally:
            # Asked to end, it would wait for the threads of a node that was killed.
            trace.kill()


class History:
    """What was sent, and which receipts were given for it."""

    def __init__(self) -> None:
        self.sent: set[str] = set()
        self.receipts: defaultdict[str, set[str]] = defaultdict(set)

    async def send(self, client: httpx2.AsyncClient, text: str) -> bool:
        """Send a message; tells whether there was a receipt."""
        self.sent.add(text)
        try:
            response = await client.post("/sv/kontakt", files=parts({"message": text}))
        except httpx2.TransportError:
            return False
        if response.status_code != 303:
            return False
        self.receipts[text].add(response.headers["location"])
        return True

    async def send_until_refused(self, client: httpx2.AsyncClient, texts: Iterator[str]) -> str:
        """Send messages until one gets no receipt; gives that one, whose fate is not known."""
        while await self.send(client, text := next(texts)):
            pass
        return text

    def check(self, database: Path) -> None:
        """Compare the receipts with the rows of an SQLite database, which must be sound."""
        with closing(sqlite3.connect(database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        self.check_rows(f"sqlite:///{database}")

    def check_rows(self, url: str) -> None:
        """Compare the receipts with the rows of a database.

        Every receipt has a row, no sending has two rows or two receipts, and there is no row
        that nobody sent.
        """
        with closing(Database(url)) as database, database.connect() as connection:
            rows = Counter(connection.scalars(sa.select(messages.c.text)))
            case_count = sa.select(sa.func.count()).select_from(cases)
            assert connection.scalar(case_count) == len(rows)
        assert self.receipts.keys() <= rows.keys() <= self.sent
        assert set(rows.values()) <= {1}
        assert {len(locations) for locations in self.receipts.values()} <= {1}
