"""Whoever fails too often waits longer and longer, and makes nobody else wait."""

from datetime import UTC, datetime, timedelta
from functools import partial

from portal.storage import attempts, limits
from portal.storage.attempts import FIRST_WAIT, LONGEST_WAIT, subject
from portal.storage.database import Database

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
FREE = 3


async def make(database: Database, subjects: list[int], now: datetime) -> timedelta:
    """Try once, and fail; gives the wait."""
    allowed = dict.fromkeys(subjects, FREE)
    return await database.write(partial(attempts.make, allowed=allowed, now=now))


async def test_waits_begin_after_some_failures_and_grow(database: Database) -> None:
    now, waits = NOON, []
    for _ in range(FREE + 9):
        wait = await make(database, [1], now)
        if wait:
            waits.append(wait)
            now += wait
            assert not await make(database, [1], now)
        now += timedelta(milliseconds=1)
    assert waits[:3] == [
        FIRST_WAIT - timedelta(milliseconds=1),
        2 * FIRST_WAIT - timedelta(milliseconds=1),
        4 * FIRST_WAIT - timedelta(milliseconds=1),
    ]
    assert max(waits) <= LONGEST_WAIT


async def test_an_attempt_that_must_wait_does_not_lengthen_the_wait(database: Database) -> None:
    for _ in range(FREE):
        assert not await make(database, [1], NOON)
    for seconds in range(5):
        later = NOON + timedelta(seconds=seconds)
        assert await make(database, [1], later) == NOON + FIRST_WAIT - later


async def test_failures_are_forgotten_after_an_hour(database: Database) -> None:
    for _ in range(FREE):
        await make(database, [1], NOON)
    assert await make(database, [1], NOON)
    hour_later = NOON + timedelta(hours=1)
    assert await database.write(lambda connection: limits.forget(connection, hour_later))
    for _ in range(FREE):
        assert not await make(database, [1], hour_later)


async def test_a_stranger_makes_nobody_else_wait(database: Database) -> None:
    key = b"k" * 32
    stranger, owner = 1, 2
    for _ in range(FREE):
        await make(database, [subject(key, "sign-in", stranger, "anna")], NOON)
    assert await make(database, [subject(key, "sign-in", stranger, "anna")], NOON)
    assert not await make(database, [subject(key, "sign-in", owner, "anna")], NOON)
    assert not await make(database, [subject(key, "sign-in", stranger, "berit")], NOON)
    assert not await make(database, [subject(key, "case", stranger, "anna")], NOON)


async def test_an_attempt_that_succeeds_does_not_count(database: Database) -> None:
    for number in range(2 * FREE):
        now = NOON + timedelta(seconds=number)
        assert not await make(database, [1, 2], now)
        await database.write(partial(attempts.withdraw, subjects=[1, 2], made_at=now))


async def test_the_longest_wait_of_all_subjects_counts(database: Database) -> None:
    for _ in range(FREE):
        await make(database, [1], NOON)
    assert await make(database, [1, 2], NOON) == FIRST_WAIT
    assert not await make(database, [2], NOON)
