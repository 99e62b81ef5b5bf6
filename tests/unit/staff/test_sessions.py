"""A session ends by itself, by its owner, or at the end of a working day."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from portal.staff import accounts, sessions
from portal.staff.accounts import Account
from portal.staff.sessions import IDLE_LIMIT, LIFE_LIMIT, browser_name
from portal.storage.database import Database

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
MOMENT = timedelta(seconds=1)


async def new_account(database: Database, name: str = "anna") -> Account:
    add = partial(
        accounts.add, name=name, full_name=name, role="officer", password_hash="-", now=NOON
    )
    return await database.write(add)


async def begin(database: Database, account: Account, now: datetime = NOON) -> str:
    return await database.write(
        lambda connection: sessions.begin(connection, account.id, "Firefox, Linux", now)
    )


async def is_alive(database: Database, token: str, now: datetime) -> bool:
    return await database.read(lambda c: sessions.find(c, token, now) is not None)


async def own(database: Database, account: Account, now: datetime = NOON) -> list[sessions.Session]:
    return await database.read(lambda c: sessions.of_account(c, account.id, now))


async def test_a_session_that_is_not_used_ends(database: Database) -> None:
    account = await new_account(database)
    token = await begin(database, account)
    assert await is_alive(database, token, NOON + IDLE_LIMIT - MOMENT)
    assert not await is_alive(database, token, NOON + IDLE_LIMIT)
    assert await own(database, account, NOON + IDLE_LIMIT) == []


async def test_a_session_that_is_used_lasts_until_the_end_of_the_day(database: Database) -> None:
    account = await new_account(database)
    token, now = await begin(database, account), NOON
    while now < NOON + LIFE_LIMIT - MOMENT:
        now = min(now + IDLE_LIMIT / 2, NOON + LIFE_LIMIT - MOMENT)
        assert await is_alive(database, token, now)
        (session,) = await own(database, account, now)
        await database.write(partial(sessions.keep_alive, session_id=session.id, now=now))
    assert not await is_alive(database, token, NOON + LIFE_LIMIT)


async def test_sessions_that_are_over_are_deleted_by_the_next(database: Database) -> None:
    account = await new_account(database)
    await begin(database, account)
    await begin(database, account, NOON + IDLE_LIMIT)
    assert len(await own(database, account, NOON + MOMENT)) == 1


async def test_an_owner_ends_one_session_or_all_others(database: Database) -> None:
    account = await new_account(database)
    tokens = [await begin(database, account, NOON + n * MOMENT) for n in range(4)]
    last, *others = await own(database, account, NOON + MOMENT)
    end = partial(sessions.end, session_id=others[0].id, account_id=account.id)
    await database.write(end)
    alive = [await is_alive(database, token, NOON + MOMENT) for token in tokens]
    assert alive == [True, True, False, True]
    await database.write(partial(sessions.end_all, account_id=account.id, kept_id=last.id))
    assert await own(database, account, NOON + MOMENT) == [last]


async def test_nobody_ends_the_session_of_another(database: Database) -> None:
    anna, berit = [await new_account(database, name) for name in ("anna", "berit")]
    token = await begin(database, anna)
    (session,) = await own(database, anna)
    await database.write(partial(sessions.end, session_id=session.id, account_id=berit.id))
    await database.write(partial(sessions.end_all, account_id=berit.id))
    assert await is_alive(database, token, NOON + MOMENT)


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox, Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Edge, Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
            " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari, iOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/140.0.0.0 Mobile Safari/537.36",
            "Chrome, Android",
        ),
        ("curl/8.9", ""),
        ("<script>", ""),
    ],
)
def test_a_browser_has_a_name_that_people_recognise(user_agent: str, expected: str) -> None:
    assert browser_name(user_agent) == expected
