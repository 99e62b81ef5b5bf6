"""Name, password and code become a session; whoever is refused learns nothing else."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any

import pytest

from portal.settings import Settings
from portal.staff import accounts, admission, passwords, sessions, totp
from portal.staff.accounts import Account
from portal.staff.admission import Client, Credentials, MustWait, Refused
from portal.storage.database import Database

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
FIRST, OWN = "axj9-z9xp-f6n4-c84j", "hästar äter grönt hö"
KEY = b"k" * 32
HOME = Client("192.0.2.1", "Firefox, Linux")
ELSEWHERE = Client("192.0.2.2", "Chrome, Windows")
SETTINGS = replace(Settings(), secret_key=KEY, sign_ins_per_hour=30)
_hash = cache(passwords.password_hash)


async def new_account(database: Database, name: str = "anna") -> Account:
    add = partial(
        accounts.add,
        name=name,
        full_name="Anna Andersson",
        role="officer",
        password_hash=_hash(FIRST),
        now=NOON,
    )
    return await database.write(add)


async def enrolled(database: Database) -> tuple[Account, list[str]]:
    """An account whose second factor was enrolled an hour ago, and its recovery codes."""
    account = await new_account(database)
    enrol = partial(
        accounts.enrol,
        account=account,
        password_hash=_hash(OWN),
        step=totp.step_at(NOON) - 120,
        secret_key=KEY,
        now=NOON - timedelta(hours=1),
    )
    return account, await database.write(enrol)


def code(account: Account, now: datetime = NOON, key: bytes = KEY) -> str:
    secret = totp.account_secret(key, account.id, account.totp_version)
    return totp.code(secret, totp.step_at(now))


async def sign_in(database: Database, **changes: Any) -> str:
    """Sign in as Anna from home at noon, but for what is changed."""
    usual: Mapping[str, Any] = {
        "name": "anna",
        "password": OWN,
        "code": "",
        "client": HOME,
        "now": NOON,
        "settings": SETTINGS,
    }
    values = {**usual, **changes}
    credentials = Credentials(*(values[name] for name in ("name", "password", "code")))
    return await admission.sign_in(
        database, values["settings"], credentials, values["client"], values["now"]
    )


async def name_of(database: Database, token: str, now: datetime = NOON) -> str | None:
    """Whose session a token opens."""
    match = await database.read(lambda c: sessions.find(c, token, now))
    return match[1].name if match else None


async def test_password_and_code_open_a_session(database: Database) -> None:
    account, _ = await enrolled(database)
    token = await sign_in(database, code=code(account))
    assert await name_of(database, token) == "anna"
    assert len(token) >= 22  # 128 bits and more
    assert await name_of(database, token[:-1]) is None


async def test_every_refusal_is_the_same(database: Database) -> None:
    account, _ = await enrolled(database)
    right = code(account)
    refusals = []
    for changes in (
        {"name": "berit"},
        {"password": "fel"},
        {"password": FIRST},
        {"code": "000000"},
        {"code": ""},
    ):
        with pytest.raises(Refused) as refusal:
            await sign_in(database, **{"code": right, **changes}, client=ELSEWHERE)
        refusals.append(str(refusal.value))
    assert {*refusals} == {""}
    assert await sign_in(database, code=right)


async def test_no_code_opens_two_sessions(database: Database) -> None:
    account, _ = await enrolled(database)
    await sign_in(database, code=code(account))
    with pytest.raises(Refused):
        await sign_in(database, code=code(account))
    later = NOON + timedelta(seconds=30)
    assert await sign_in(database, code=code(account, later), now=later)


async def test_a_recovery_code_opens_one_session(database: Database) -> None:
    account, codes = await enrolled(database)
    assert len({*codes}) == accounts.RECOVERY_CODES
    typed = codes[3].lower().replace("-", " ")
    assert await sign_in(database, code=typed)
    with pytest.raises(Refused):
        await sign_in(database, code=codes[3])
    assert await sign_in(database, code=codes[4])
    left = await database.read(lambda c: accounts.codes_left(c, account.id))
    assert left == accounts.RECOVERY_CODES - 2


async def test_former_secret_keys_still_open_accounts(database: Database) -> None:
    account, codes = await enrolled(database)
    changed = replace(SETTINGS, secret_key=b"n" * 32)
    for typed in (code(account), codes[0]):
        with pytest.raises(Refused):
            await sign_in(database, code=typed, settings=changed)
    both = replace(changed, former_secret_keys=(KEY,))
    assert await sign_in(database, code=code(account), settings=both)
    assert await sign_in(database, code=codes[0], settings=both)


async def test_a_first_password_leads_to_the_enrolment(database: Database) -> None:
    account = await new_account(database)
    token = await sign_in(database, password=FIRST)
    enrol = partial(admission.enrol, database, SETTINGS, account, OWN, totp.step_at(NOON))
    result = await enrol("Firefox, Linux", NOON)
    assert result
    # The session is another one now, the code is used up, and so is the first password.
    assert await name_of(database, token) is None
    assert await name_of(database, result.token) == "anna"
    assert await enrol("Firefox, Linux", NOON) is None
    for changes in ({"code": code(account)}, {"password": FIRST, "code": result.recovery_codes[0]}):
        with pytest.raises(Refused):
            await sign_in(database, **changes)
    assert await sign_in(database, code=result.recovery_codes[0])


async def test_a_disabled_account_opens_nothing(database: Database) -> None:
    account, codes = await enrolled(database)
    token = await sign_in(database, code=code(account))
    await database.write(partial(accounts.disable, account=account, now=NOON))
    assert await name_of(database, token) is None
    with pytest.raises(Refused):
        await sign_in(database, code=codes[0])
    assert not await database.read(accounts.is_there_any)


async def test_a_reset_account_needs_its_new_first_password(database: Database) -> None:
    account, codes = await enrolled(database)
    token = await sign_in(database, code=code(account))
    await database.write(partial(accounts.reset, account=account, password_hash=_hash("ny-start")))
    assert await name_of(database, token) is None
    for typed in (code(account), codes[0]):
        with pytest.raises(Refused):
            await sign_in(database, code=typed)
    assert await sign_in(database, password="ny-start")


async def test_failures_make_a_stranger_wait_and_not_the_owner(database: Database) -> None:
    account, _ = await enrolled(database)
    for _ in range(admission.FREE_FAILURES):
        with pytest.raises(Refused):
            await sign_in(database, password="fel", client=ELSEWHERE)
    with pytest.raises(MustWait) as wait:
        await sign_in(database, code=code(account), client=ELSEWHERE)
    assert timedelta() < wait.value.time <= timedelta(seconds=10)
    assert await sign_in(database, code=code(account))


async def test_sign_ins_with_different_codes_at_the_same_time_all_succeed(
    database: Database,
) -> None:
    account, codes = await enrolled(database)
    at_once = [sign_in(database, code=typed) for typed in (code(account), *codes[:2])]
    assert len({*await asyncio.gather(*at_once)}) == 3


@pytest.mark.parametrize(("per_hour", "waits"), [(2, True), (0, False)])
async def test_an_address_that_tries_many_names_waits(
    database: Database, per_hour: int, waits: bool
) -> None:
    settings = replace(SETTINGS, sign_ins_per_hour=per_hour)
    refusals = []
    for name in ("a1", "b2", "c3"):
        with pytest.raises((Refused, MustWait)) as refusal:
            await sign_in(database, name=name, settings=settings)
        refusals.append(refusal.type)
    assert refusals == [Refused, Refused, MustWait if waits else Refused]
