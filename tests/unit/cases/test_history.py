"""The history shows every change made to itself; on both databases."""

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from portal.cases import history
from portal.cases.history import Chain, record_reading
from portal.storage import tables
from portal.storage.database import Database
from tests.unit.cases.desk import NOON, hire, receive


async def recorded(database: Database) -> int:
    """A case that somebody has read, taken and closed; its number."""
    number, account_id = await receive(database), await hire(database, "anna")
    for minute, action in enumerate(("read", "take", "close")):
        now = NOON + timedelta(minutes=minute)
        await database.write(
            partial(
                history.record,
                account_id=account_id,
                case_id=number,
                action=action,
                detail="",
                now=now,
            )
        )
    return number


async def verify(database: Database) -> Chain:
    return await database.write(history.verify)


async def test_a_case_has_its_history_in_order_and_with_names(database: Database) -> None:
    number = await recorded(database)
    entries = await database.read(lambda c: history.of_case(c, number))
    assert [entry.action for entry in entries] == ["read", "take", "close"]
    assert {entry.full_name for entry in entries} == {"Anna"}
    assert entries[1].happened_at == NOON + timedelta(minutes=1)


async def test_an_untouched_history_is_whole_and_has_a_last_digest(database: Database) -> None:
    assert await verify(database) == Chain(0, "", None)
    await recorded(database)
    chain = await verify(database)
    assert (chain.length, len(chain.digest), chain.fault) == (3, 64, None)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "praise"),
        ("detail", "more"),
        ("account_id", None),
        ("case_id", None),
        ("happened_at", NOON - timedelta(days=1)),
    ],
)
async def test_a_changed_entry_is_noticed(database: Database, column: str, value: object) -> None:
    await recorded(database)
    changed = sa.update(tables.history).where(tables.history.c.id == 2).values({column: value})
    await database.write(lambda c: c.execute(changed))
    assert (await verify(database))[::2] == (1, 2)


@pytest.mark.parametrize("removed", [1, 2])
async def test_a_removed_entry_is_noticed(database: Database, removed: int) -> None:
    await recorded(database)
    removal = sa.delete(tables.history).where(tables.history.c.id == removed)
    await database.write(lambda c: c.execute(removal))
    assert (await verify(database)).fault == removed + 1


async def test_a_cut_off_end_is_noticed_by_the_last_digest(database: Database) -> None:
    await recorded(database)
    before = await verify(database)
    await database.write(
        lambda c: c.execute(sa.delete(tables.history).where(tables.history.c.id == 3))
    )
    after = await verify(database)
    assert after.fault is None
    assert (after.length, after.digest) != (before.length, before.digest)


async def test_a_case_is_read_once_in_half_an_hour_whatever_else_is_done_with_it(
    database: Database,
) -> None:
    number = await recorded(database)
    entries = await database.read(lambda c: history.of_case(c, number))
    reader = entries[0].account_id
    assert reader
    assert history.has_read(entries, reader, NOON + timedelta(minutes=29))
    assert not history.has_read(entries, reader, NOON + timedelta(minutes=30))
    assert not history.has_read(entries, reader + 1, NOON)


async def test_a_case_that_is_opened_in_two_windows_is_read_once(database: Database) -> None:
    number = await recorded(database)
    before = await database.read(lambda c: history.of_case(c, number))
    reader = before[0].account_id
    assert reader
    moments = [NOON + timedelta(minutes=minute) for minute in (60, 89, 90)]
    for now in moments:
        await database.write(partial(record_reading, account_id=reader, case_id=number, now=now))
    after = await database.read(lambda c: history.of_case(c, number))
    assert [entry.happened_at for entry in after[len(before) :]] == [moments[0], moments[2]]
