"""Whether a portal is ready depends on the tables that it needs; a failing write is noticed."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from portal.cases import outbox
from portal.cases.outbox import NewLetter
from portal.storage.database import Database
from portal.web.health import LATE_SECONDS, Health


async def test_tables_of_an_earlier_version_make_a_portal_unready(database: Database) -> None:
    health = Health(database)
    health.status = "ready"
    for revision, status in (("0001", "behind"), ("9999", "ready")):
        statement = sa.text(f"UPDATE alembic_version SET version_num = '{revision}'")
        await database.write(lambda connection, change=statement: connection.execute(change))  # type: ignore[misc]
        await health.look()
        assert health.status == status


async def test_a_database_that_fails_and_recovers_is_noticed(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/portal.db", wait_seconds=0.2)
    database.upgrade()
    await database.start()
    health = Health(database)
    with closing(sqlite3.connect(tmp_path / "portal.db", isolation_level=None)) as blocker:
        blocker.execute("BEGIN IMMEDIATE")
        await health.look()
        assert database.is_failing
        blocker.execute("ROLLBACK")
    while database.is_failing:
        await health.look()
    await database.stop()


async def test_letters_that_wait_or_have_failed_are_noticed(database: Database) -> None:
    health = Health(database)
    health.status = "ready"
    await health.look()
    assert (health.letter_age, health.letters.failed) == (0.0, 0)
    assert letters_of(health) == "ok"
    an_hour_ago = datetime.now(UTC) - timedelta(seconds=LATE_SECONDS)
    letter = NewLetter("new-message", "staff@example.org", "sv")
    await database.write(partial(outbox.queue, new=[letter], now=an_hour_ago))
    await health.look()
    assert 3600 <= health.letter_age < 4000
    assert letters_of(health) == "failing"
    taken = await database.write(partial(outbox.claim, now=an_hour_ago))
    assert taken
    failed = partial(outbox.note_failure, letter=taken, fault="550", first_wait=None)
    await database.write(partial(failed, now=an_hour_ago))
    await health.look()
    assert (health.letter_age, health.letters.failed) == (0.0, 1)
    assert letters_of(health) == "ok"


def letters_of(health: Health) -> str:
    """What ``/readyz`` says of letters; it is ready all the same."""
    response = health.show({}).negotiate(b"", b"")
    assert response.status == 200
    state: str = json.loads(response.body)["letters"]
    return state
