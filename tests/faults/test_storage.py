"""A message with a receipt is stored, even when the disk is full or the process is killed."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from portal.cases import messages, references
from portal.cases.messages import Arrival, CaseNumber, Submission
from portal.storage.database import Database, Unavailable
from tests.unit.commands.test_serve import free_port, wait_for
from tests.visitor import parts

SECRET = "mina egna ord ٣"


async def receive(database: Database, text: str) -> int:
    """Receive a message, and return the number of its case."""
    submission = Submission(text, "hemlig@example.org", "", None, "sv")
    arrival = Arrival(submission, 1, 0)
    case: CaseNumber = await database.write_together(messages.receive_all, arrival)
    return case.number


async def test_every_message_with_a_receipt_survives_a_crash(tmp_path: Path) -> None:
    """The portal is killed while it receives messages."""
    port = free_port()
    environment = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/portal.db",
        "PORTAL_MESSAGES_PER_HOUR": "0",
        "PYTHONPATH": ".",
    }
    server = await asyncio.to_thread(
        subprocess.Popen,
        [sys.executable, "-m", "portal", "serve", "--port", str(port)],
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    await asyncio.to_thread(wait_for, f"http://127.0.0.1:{port}/sv/")
    receipts: set[str] = set()
    enough = asyncio.Event()

    async def send_for_ever(client: httpx2.AsyncClient, sender: int) -> None:
        for number in range(10_000):
            fields = parts({"message": f"{sender} {number}"})
            response = await client.post("/sv/kontakt", files=fields)
            receipts.add(response.headers["location"].rpartition("/")[2][: references.LENGTH])
            if len(receipts) == 200:
                enough.set()

    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        senders = [asyncio.create_task(send_for_ever(client, sender)) for sender in range(8)]
        await enough.wait()
        server.send_signal(signal.SIGKILL)
        ends = await asyncio.gather(*senders, return_exceptions=True)
    assert all(isinstance(end, httpx2.TransportError) for end in ends)
    await asyncio.to_thread(server.wait)
    with closing(sqlite3.connect(tmp_path / "portal.db")) as connection:
        rows = connection.execute("SELECT case_id FROM messages")
        stored = {references.reference(number) for (number,) in rows}
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert receipts <= stored


async def test_a_full_disk_loses_no_message_and_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(f"sqlite:///{tmp_path}/portal.db")
    database.upgrade()
    await database.start()
    pages = await database.write(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar_one())
    await database.write(lambda c: c.exec_driver_sql(f"PRAGMA max_page_count={pages + 4}"))
    numbers, refused = [], 0
    for number in range(12):
        try:
            numbers.append(await receive(database, f"{SECRET} {number} " + "x" * 4000))
        except Unavailable:
            refused += 1
    assert numbers
    assert refused
    await database.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count=1000000"))
    numbers.append(await receive(database, "det går igen"))
    async with database.reading() as connection:
        stored = {case.number for case, _ in await messages.newest(connection, 100)}
    assert stored == set(numbers)
    await database.stop()
    assert "SQLITE_FULL" in caplog.text
    assert "hemlig" not in caplog.text
    assert "mina egna" not in caplog.text


async def test_a_lost_postgresql_connection_is_replaced(postgresql: str) -> None:
    database = Database(postgresql)
    await database.start()

    def cut(connection: sa.Connection) -> None:
        connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(Unavailable):
        await database.write(cut)
    assert await database.write(lambda c: c.exec_driver_sql("SELECT 1").scalar()) == 1
    await database.stop()
