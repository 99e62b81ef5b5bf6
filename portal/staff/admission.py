"""Signing in, and setting up a new account.

Changing the password and getting new recovery codes ask for the password and a code again.

A refusal does not tell its reason: an unknown name gets the same answer as a wrong password
or code, in the same time. After failures the network address that tried must wait; the account
itself is never locked (``storage.attempts``).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from portal.settings import Settings
from portal.staff import accounts, passwords, sessions
from portal.staff.accounts import Account
from portal.storage import attempts
from portal.storage.database import Database
from portal.storage.limits import sender_number

if TYPE_CHECKING:
    from sqlalchemy import Connection

Result = TypeVar("Result")

FREE_FAILURES = 5
"""Failed sign-ins to one account from one address in an hour, after which waits begin."""


class Refused(Exception):
    """The name, the password or the code is wrong, or the account is disabled."""


class MustWait(Exception):
    """Too many sign-ins failed.

    Args:
        time: until the next attempt is allowed.
    """

    def __init__(self, time: timedelta) -> None:
        super().__init__(f"wait {time}")
        self.time = time


@dataclass(frozen=True)
class Credentials:
    """What a person types to sign in."""

    name: str
    password: str
    code: str
    """A code of the second factor, or a recovery code."""


@dataclass(frozen=True)
class Client:
    """Where a person signs in."""

    address: str
    """The network address."""
    browser: str
    """As ``sessions.browser_name`` gives it."""


async def sign_in(
    database: Database, settings: Settings, credentials: Credentials, client: Client, now: datetime
) -> str:
    """Begin a session; returns its token.

    Without an enrolled second factor, the session gives access only to the enrolment.

    Args:
        database, settings, credentials, client, now: as ``_compare`` takes them.

    Raises:
        MustWait, Refused, Unavailable: as ``_compare`` and ``_confirm`` do.
    """

    def begin(connection: "Connection", account: Account) -> str:
        return sessions.begin(connection, account.id, client.browser, now)

    return await _confirm(await _compare(database, settings, credentials, client, now), begin)


async def change_password(
    database: Database,
    settings: Settings,
    credentials: Credentials,
    client: Client,
    now: datetime,
    password: str,
) -> str:
    """Change the password of an account; returns the token of a session in place of all others.

    The present session ends too, since its token may have been stolen.

    Args:
        database, settings, credentials, client, now: as ``_compare`` takes them.
        password: the new one.

    Raises:
        MustWait, Refused, Unavailable: as ``_compare`` and ``_confirm`` do.
    """
    compared = await _compare(database, settings, credentials, client, now)
    # Computed even if the present password is wrong, so that both take as long; not for a person
    # who must wait, who was refused above.
    password_hash = await passwords.hash_in_thread(password)

    def change(connection: "Connection", account: Account) -> str:
        accounts.change_password(connection, account, password_hash)
        sessions.end_all(connection, account.id)
        return sessions.begin(connection, account.id, client.browser, now)

    return await _confirm(compared, change)


async def renew_recovery_codes(
    database: Database, settings: Settings, credentials: Credentials, client: Client, now: datetime
) -> list[str]:
    """Replace the recovery codes of an account by new ones.

    Args:
        database, settings, credentials, client, now: as ``_compare`` takes them.

    Raises:
        MustWait, Refused, Unavailable: as ``_compare`` and ``_confirm`` do.
    """

    def renew(connection: "Connection", account: Account) -> list[str]:
        return accounts.renew_recovery_codes(connection, account, settings.secret_key)

    return await _confirm(await _compare(database, settings, credentials, client, now), renew)


@dataclass(frozen=True)
class _Compared:
    """Credentials whose password has been checked, and whose code has not yet."""

    database: Database
    secret_keys: tuple[bytes, ...]
    name: str
    code: str
    account: Account | None
    """The account of that name; None if there is none or it is disabled."""
    is_right: bool
    """Whether the password is that of the account."""
    attempts: dict[int, int]
    """The subjects for which a failure was recorded in advance."""
    now: datetime


async def _compare(
    database: Database, settings: Settings, credentials: Credentials, client: Client, now: datetime
) -> _Compared:
    """Record an attempt, and compare its password.

    Args:
        database: with the accounts.
        settings: the secret keys, and the allowed number of failures.
        credentials: as they were typed.
        client: where the person types them.
        now: the current time.

    Raises:
        MustWait: after too many failures; nothing was compared.
        Unavailable: when the database cannot be used.
    """
    allowed = _allowed(settings, credentials.name, client)
    if wait := await database.write(partial(attempts.make, allowed=allowed, now=now)):
        raise MustWait(wait)
    # An impossible name is looked up as the empty one, since PostgreSQL refuses NUL in a text.
    name = credentials.name if accounts.is_name(credentials.name) else ""
    account = await database.read(lambda c: accounts.find(c, name))
    if account and account.disabled_at:
        account = None
    password_hash = account.password_hash if account else None
    is_right = await passwords.is_right(credentials.password, password_hash)
    return _Compared(
        database, settings.secret_keys, name, credentials.code, account, is_right, allowed, now
    )


async def _confirm(compared: _Compared, do: Callable[["Connection", Account], Result]) -> Result:
    """Do something that only the owner of an account may do.

    Args:
        compared: the owner's credentials.
        do: is called in the transaction that uses up the code.

    Raises:
        Refused: when something is wrong.
        Unavailable: when the database cannot be used.
    """

    def confirm_and_do(connection: "Connection") -> tuple[Result] | None:
        # Looked up again: it may have been disabled or reset meanwhile. The step is not compared,
        # since another sign-in may have used a code meanwhile.
        present, account = accounts.find(connection, compared.name), compared.account
        if not (compared.is_right and present and account):
            return None
        if present != replace(account, totp_step=present.totp_step):
            return None
        if present.enrolled_at and not accounts.confirm(
            connection, present, compared.code, compared.secret_keys, compared.now
        ):
            return None
        attempts.withdraw(connection, compared.attempts, compared.now)
        return (do(connection, present),)

    outcome = await compared.database.write(confirm_and_do)
    if outcome is None:
        raise Refused
    return outcome[0]


def _allowed(settings: Settings, name: str, client: Client) -> dict[int, int]:
    """How many sign-ins may fail without a wait, by subject."""
    key = settings.secret_key
    sender = sender_number(key, client.address)
    allowed = {attempts.subject(key, "sign-in", sender, name): FREE_FAILURES}
    if settings.sign_ins_per_hour:
        allowed[attempts.subject(key, "sign-in", sender)] = settings.sign_ins_per_hour
    return allowed


@dataclass(frozen=True)
class Enrolled:
    """The result of an enrolment."""

    token: str
    """The token of a new session."""
    recovery_codes: list[str]


async def enrol(
    database: Database,
    settings: Settings,
    account: Account,
    password: str,
    step: int,
    browser: str,
    now: datetime,
) -> Enrolled | None:
    """Complete an account, and begin a new session in place of all others.

    Args:
        database: with the accounts.
        settings: the current secret key.
        account: whose second factor is not enrolled yet.
        password: that its owner chose.
        step: of the code by which the owner confirmed the second factor.
        browser: of the session.
        now: the current time.

    Returns:
        None if the account was enrolled, reset or disabled meanwhile.
    """
    password_hash = await passwords.hash_in_thread(password)

    def complete(connection: "Connection") -> Enrolled | None:
        if accounts.find(connection, account.name) != account:
            return None
        sessions.end_all(connection, account.id)
        codes = accounts.enrol(connection, account, password_hash, step, settings.secret_key, now)
        return Enrolled(sessions.begin(connection, account.id, browser, now), codes)

    return await database.write(complete)
