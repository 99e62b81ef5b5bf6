"""A message with a receipt is stored, even when the disk is full or a connection is lost."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from portal.cases import messages
from portal.cases.messages import Arrival, CaseNumber, Submission
from portal.storage.database import Database, Unavailable

SECRET = "mina egna ord ٣"


async def receive(database: Database, text: str) -> int:
    """Receive a message, and return the number of its case."""
    submission = Submission(text, "hemlig@example.org", "", None, "sv")
    arrival = Arrival(submission, 1, 0)
    case: CaseNumber = await database.write_together(messages.receive_all, arrival)
    return case.number


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
    stored = await database.read(lambda c: {case.number for case, _ in messages.newest(c, 100)})
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
