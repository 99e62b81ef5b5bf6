"""One writer for everything: a result comes after its commit, and a faulty job fails alone."""

import asyncio
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa

from portal.cases.messages import Arrival, CaseNumber, Submission, receive_all
from portal.settings import CHECKOUT
from portal.storage import migrations
from portal.storage.database import BATCH, QUEUE, QUIET_TURNS, Database, Unavailable
from portal.storage.engines import begin
from portal.storage.migrations import steps
from portal.storage.tables import arrivals, cases, counts, messages, metadata

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def insert(connection: sa.Connection, case: int | None = 1) -> int | None:
    row = {"sender": 1, "fingerprint": 2, "case_id": case, "received_at": datetime.now(UTC)}
    connection.execute(sa.insert(arrivals), row)
    return case


SLOW = {
    "sqlite": sa.text(
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 1000000)"
        " SELECT max(n) FROM numbers"
    ),
    "postgresql": sa.text("SELECT pg_sleep(3)"),
}
"""A query that takes longer than twenty others."""


def count(connection: sa.Connection) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(arrivals)).scalar_one()


@contextmanager
def sa_listener(url: str, event: str, listener: Callable[[sa.Connection], None]) -> Iterator[None]:
    """Call a listener for an event of a database; a portal of other tests may use another one."""
    name = sa.make_url(url).database

    def listen(connection: sa.Connection) -> None:
        if connection.engine.url.database == name:
            listener(connection)

    sa.event.listen(sa.Engine, event, listen)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, event, listen)


async def test_a_faulty_job_fails_alone_in_a_batch(database: Database) -> None:
    jobs = [partial(insert, case=None if n == 7 else n) for n in range(20)]
    results = await asyncio.gather(*map(database.write, jobs), return_exceptions=True)
    assert [n for n, result in enumerate(results) if isinstance(result, Exception)] == [7]
    assert await database.write(count) == 19


async def test_jobs_that_come_shortly_after_another_share_its_transaction(
    database: Database, database_url: str
) -> None:
    commits: list[sa.Connection] = []

    async def later(turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await database.write(insert)

    with sa_listener(database_url, "commit", commits.append):
        await asyncio.gather(*map(later, range(0, 3 * QUIET_TURNS, QUIET_TURNS)))
        assert len(commits) == 1
        await asyncio.gather(*(database.write(insert) for _ in range(2 * BATCH)))
        assert len(commits) == 3, "a batch has a limit"


async def test_a_job_that_raises_is_rolled_back(database: Database) -> None:
    def change_of_mind(connection: sa.Connection) -> None:
        insert(connection)
        raise KeyError

    with pytest.raises(KeyError):
        await database.write(change_of_mind)
    assert await database.write(count) == 0


async def test_reading_before_writing_loses_no_update(database: Database) -> None:
    def one_more(connection: sa.Connection) -> int:
        number = count(connection)
        insert(connection, number)
        return number

    numbers = await asyncio.gather(*(database.write(one_more) for _ in range(100)))
    assert sorted(numbers) == list(range(100))


async def test_a_bug_in_a_job_does_not_stop_the_writer(database: Database) -> None:
    """A job that returns too few results or raises StopIteration; messages are still written."""

    def forgets(connection: sa.Connection, items: Sequence[int]) -> list[int]:
        return []

    def stops(connection: sa.Connection) -> None:
        next(iter(()))

    with pytest.raises(ValueError, match="unpack"):
        await database.write_together(forgets, 1)
    with pytest.raises(RuntimeError):
        await database.write(stops)
    assert await database.write(insert) == 1


async def test_two_nodes_lose_no_update_either(database: Database, database_url: str) -> None:
    other = Database(database_url)
    await other.start()

    def one_more(connection: sa.Connection) -> int:
        number = count(connection)
        insert(connection, number)
        return number

    both = [node.write(one_more) for _ in range(25) for node in (database, other)]
    assert sorted(await asyncio.gather(*both)) == list(range(50))
    await other.stop()


async def test_a_job_is_refused_at_once_when_the_queue_is_full(database: Database) -> None:
    everything = (database.write(count) for _ in range(QUEUE + 200))
    results = await asyncio.gather(*everything, return_exceptions=True)
    refused = [result for result in results if isinstance(result, Unavailable)]
    assert len(refused) == 200


async def read_slowly(database: Database) -> None:
    await database.read(lambda connection: connection.execute(SLOW[connection.dialect.name]).all())


async def read_at_last(database: Database) -> int:
    """Read until it succeeds: opening new connections may take longer than a short timeout."""
    while True:
        with suppress(Unavailable):
            return await database.read(count)


async def test_a_slow_reader_holds_up_neither_other_readers_nor_the_event_loop(
    database: Database,
) -> None:
    """Many read while one still waits for the database."""
    slow = asyncio.create_task(read_slowly(database))
    assert [await database.read(count) for _ in range(20)] == [0] * 20
    assert not slow.done()
    slow.cancel()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wait_seconds", "outcome"), [(0.1, Unavailable), (20, asyncio.CancelledError)]
)
async def test_readers_that_give_up_leave_their_connections_to_others(
    database_url: str, wait_seconds: float, outcome: type[BaseException]
) -> None:
    """Whether they wait too long or are cancelled; there are more of them than connections."""
    database = Database(database_url, wait_seconds)
    database.upgrade()
    readers = [asyncio.create_task(read_slowly(database)) for _ in range(20)]
    await asyncio.sleep(0.1)
    if outcome is asyncio.CancelledError:
        for reader in readers:
            reader.cancel()
    results = await asyncio.gather(*readers, return_exceptions=True)
    assert {type(result) for result in results} == {outcome}
    assert await asyncio.gather(*(read_at_last(database) for _ in range(20))) == [0] * 20
    await database.stop()


def test_reading_does_not_import_the_orm(tmp_path: Path) -> None:
    """As SQLAlchemy's asyncio package does: 7 MB, a tenth of what the portal uses."""
    code = f"""
import asyncio, sys
from portal.storage.database import Database
database = Database("sqlite:///{tmp_path}/portal.db")
print(asyncio.run(database.read(lambda c: c.exec_driver_sql("SELECT 'read'").scalar())))
print(*sys.modules, sep="\\n")
asyncio.run(database.stop())
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True)
    modules = run.stdout.split()
    assert modules[0] == "read"
    assert [name for name in modules if name.startswith("sqlalchemy.orm")] == []


async def test_queued_jobs_are_done_before_the_writer_stops(database_url: str) -> None:
    database = Database(database_url)
    database.upgrade()
    await database.start()
    waiting = [asyncio.create_task(database.write(insert)) for _ in range(10)]
    await asyncio.sleep(0)
    await database.stop()
    assert await asyncio.gather(*waiting) == [1] * 10


async def test_no_caller_gets_a_result_before_the_commit(
    database: Database, database_url: str
) -> None:
    """The commit is delayed until it is certain that the caller waits."""
    other = Database(database_url)
    reached, commit = Event(), Event()

    def hold(connection: sa.Connection) -> None:
        reached.set()
        assert commit.wait(5)

    with sa_listener(database_url, "commit", hold):
        writing = asyncio.create_task(database.write(insert))
        assert await asyncio.to_thread(reached.wait, 5)
        assert await other.read(count) == 0
        assert not writing.done()
        commit.set()
        await writing
    assert await other.read(count) == 1
    await other.stop()


async def test_sqlite_waits_for_the_disk_at_every_commit(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/portal.db")
    database.upgrade()
    await database.start()

    def read(connection: sa.Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}

    settings = await database.write(read)
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    await database.stop()


@pytest.mark.slow
async def test_a_locked_database_is_unavailable_until_it_is_unlocked(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/portal.db")
    database.upgrade()
    await database.start()
    blocker = sqlite3.connect(tmp_path / "portal.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        await database.write(insert)
    blocker.execute("ROLLBACK")
    blocker.close()
    assert await database.write(insert) == 1
    await database.stop()


async def test_a_job_that_waits_too_long_fails_and_is_not_done_later(
    database: Database, database_url: str
) -> None:
    impatient = Database(database_url, wait_seconds=0.2)
    await impatient.start()
    reached, release = Event(), Event()

    def hold(connection: sa.Connection) -> None:
        reached.set()
        release.wait(5)

    holding = asyncio.create_task(impatient.write(hold))
    assert await asyncio.to_thread(reached.wait, 5)
    results = await asyncio.gather(holding, impatient.write(insert), return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable, Unavailable]
    release.set()
    await impatient.stop()
    assert await database.write(count) == 0


def test_a_database_is_made_when_the_writer_connects_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    with closing(Database(f"sqlite:///{folder}/portal.db")) as database:
        assert not folder.parent.exists()
        database.upgrade()
        modes = {path.stat().st_mode & 0o777 for path in folder.glob("portal.db*")}
    assert modes == {0o600}


async def test_a_database_that_does_not_answer_is_unavailable() -> None:
    database = Database("postgresql://portal@127.0.0.1:1/none")
    await database.start()
    with pytest.raises(Unavailable):
        await database.write(count)
    with pytest.raises(Unavailable):
        await database.read(count)
    await database.stop()


def test_migrations_create_exactly_the_tables_of_the_portal(database_url: str) -> None:
    with closing(Database(database_url)) as database:
        database.upgrade()
        assert database.differences() == []
        current, newest = database.revisions()
    assert current == newest != ""


def test_migrations_create_the_checks_that_alembic_does_not_compare(database_url: str) -> None:
    with closing(Database(database_url)) as database:
        database.upgrade()
        with database.connect() as connection:
            inspector = sa.inspect(connection)
            for table in metadata.tables.values():
                checks = {c.name for c in table.constraints if isinstance(c, sa.CheckConstraint)}
                assert checks <= {c["name"] for c in inspector.get_check_constraints(table.name)}


def test_migrations_create_the_partial_indexes(database_url: str) -> None:
    with closing(Database(database_url)) as database:
        database.upgrade()
        with database.connect() as connection:
            condition = f"{connection.dialect.name}_where"
            inspector = sa.inspect(connection)
            partial_indexes = {
                index["name"]
                for table in metadata.tables
                for index in inspector.get_indexes(table)
                if condition in index.get("dialect_options", {})
            }
    assert partial_indexes == {
        "ix_cases_email",
        "ix_cases_look_again_on",
        "ix_cases_officer_id_state_since",
        "ix_letters_failed",
        "ix_letters_waiting",
    }


async def test_migrations_can_be_undone_and_repeated(database_url: str) -> None:
    database = Database(database_url)
    database.upgrade()
    with database.connect() as connection, begin(connection):
        steps.downgrade(connection)
    assert database.revisions()[0] == ""
    database.upgrade()
    await database.start()
    with pytest.raises(Unavailable):
        await database.write(partial(insert, case=None))
    await database.stop()


def test_messages_survive_a_downgrade_and_an_upgrade(database_url: str) -> None:
    with closing(Database(database_url)) as database:
        database.upgrade()
        with database.connect() as connection, begin(connection):
            arrivals = [Arrival(Submission(text, "", "", None, "sv"), 1, 0) for text in "ab"]
            numbers = [*map(attrgetter("number"), receive_all(connection, arrivals, NOON))]
            tables = [messages, cases, counts]
            before = [connection.execute(sa.select(table)).all() for table in tables]
            steps.downgrade(connection, "0002")
            old = sa.text("SELECT id FROM messages WHERE reference = '2'")
            assert connection.execute(old).scalar_one() == numbers[1]
            steps.upgrade(connection)
            after = [connection.execute(sa.select(table)).all() for table in tables]
            assert [*map(sorted_rows, after)] == [*map(sorted_rows, before)]
        assert database.differences() == []


def sorted_rows(rows: Sequence[sa.Row[Any]]) -> list[str]:
    return sorted(map(repr, rows))


def test_a_number_is_never_reused(database_url: str) -> None:
    """References are derived from it, and people may have that of an erased case."""
    with closing(Database(database_url)) as database:
        database.upgrade()
        with database.connect() as connection, begin(connection):
            numbers = []
            for text in "ab":
                arrival = Arrival(Submission(text, "", "", None, "sv"), 1, 0)
                numbers += receive_all(connection, [arrival], NOON)
                for table in (messages, cases):
                    connection.execute(sa.delete(table))
    assert numbers == [CaseNumber(1), CaseNumber(2)]


def test_a_migration_is_named_by_its_revision() -> None:
    """``migrations.newest`` takes the newest revision from the file names."""
    pattern = re.compile(r'^revision = "(.+)"$', re.MULTILINE)
    paths = sorted(migrations.STEPS.glob("[0-9]*.py"))
    revisions = [pattern.findall(path.read_text("utf-8")) for path in paths]
    assert revisions == [[path.name[:4]] for path in paths]
    assert [migrations.newest()] == revisions[-1]
