"""The people who may read the inbox: their roles, and their recovery codes.

A new account, and one that was reset, has a first password. At the first sign-in its owner
chooses a password and enrols a second factor; until then it gives no access to cases.
"""

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from portal.content.characters import CODE_ALPHABET, code_characters
from portal.staff import totp
from portal.storage.secret_key import derived
from portal.storage.tables import accounts, recovery_codes, sessions

ROLES = ("officer", "registrar", "administrator")
RECOVERY_CODES = 10
"""How many each person gets, to print or write down."""
_NAME = re.compile("[a-z0-9][a-z0-9._-]{1,39}")
_CODE_LENGTH = 12
"""Characters of a recovery code: 58.9 bits."""


class NameTaken(Exception):
    """An account with this name exists already."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """A person who may read the inbox."""

    id: int
    name: str
    """What the person types to sign in; in lower case."""
    full_name: str
    """The name that colleagues see."""
    email: str
    role: str
    """One of ``ROLES``."""
    totp_version: int
    """Raised by a reset; see ``totp.account_secret``."""
    totp_step: int
    """The time step of the last accepted code."""
    password_hash: str
    created_at: datetime
    enrolled_at: datetime | None
    """When the second factor was enrolled; until then the account gives no access to cases."""
    disabled_at: datetime | None

    @property
    def state(self) -> str:
        """Whether its owner can sign in: ``active``, ``new`` (not enrolled) or ``disabled``."""
        return "disabled" if self.disabled_at else "active" if self.enrolled_at else "new"


def normalised_name(typed: str) -> str:
    """The name of an account as it is stored."""
    return typed.strip().lower()


def is_name(name: str) -> bool:
    """Whether an account can have a name."""
    return bool(_NAME.fullmatch(name))


def add(
    connection: sa.Connection,
    *,
    name: str,
    full_name: str,
    role: str,
    password_hash: str,
    email: str = "",
    now: datetime,
) -> Account:
    """Add an account, whose second factor is not enrolled yet.

    Args:
        connection: in a transaction.
        name: one that ``is_name`` accepts.
        full_name: the name that colleagues see.
        role: one of ``ROLES``.
        password_hash: of the first password.
        email: where the person is told of new messages in their cases; empty: they are not told.
        now: the current time.

    Raises:
        NameTaken: when there is an account with this name.
    """
    if find(connection, name):
        raise NameTaken
    values = {
        "name": name,
        "full_name": full_name,
        "role": role,
        "password_hash": password_hash,
        "email": email,
        "created_at": now,
    }
    row = connection.execute(sa.insert(accounts).values(values).returning(accounts)).mappings()
    return Account(**row.one())


def find(connection: sa.Connection, name: str) -> Account | None:
    """The account with a name, disabled ones too."""
    query = sa.select(accounts).where(accounts.c.name == name)
    row = connection.execute(query).mappings().one_or_none()
    return Account(**row) if row else None


def everybody(connection: sa.Connection) -> list[Account]:
    """All accounts, disabled ones too, in the order of their full names."""
    query = sa.select(accounts).order_by(accounts.c.full_name, accounts.c.id)
    return [Account(**row) for row in connection.execute(query).mappings()]


def is_there_any(connection: sa.Connection) -> bool:
    """Whether anybody can sign in: an account that is not disabled."""
    query = sa.select(accounts.c.id).where(accounts.c.disabled_at.is_(None)).limit(1)
    return connection.execute(query).first() is not None


def disable(connection: sa.Connection, account: Account, now: datetime) -> None:
    """Disable an account and end its sessions. Its name remains in what it has done."""
    _change(connection, account.id, disabled_at=now)
    connection.execute(sa.delete(sessions).where(sessions.c.account_id == account.id))


def reset(connection: sa.Connection, account: Account, password_hash: str) -> None:
    """Give an account a first password and no second factor; end its sessions.

    Args:
        connection: in a transaction.
        account: the account; if it is disabled, it is enabled.
        password_hash: of the new first password.
    """
    _change(
        connection,
        account.id,
        password_hash=password_hash,
        totp_version=account.totp_version + 1,
        totp_step=0,
        enrolled_at=None,
        disabled_at=None,
    )
    for table in (sessions, recovery_codes):
        connection.execute(sa.delete(table).where(table.c.account_id == account.id))


def enrol(
    connection: sa.Connection,
    account: Account,
    password_hash: str,
    step: int,
    secret_key: bytes,
    now: datetime,
) -> list[str]:
    """Complete an account with its owner's password and second factor.

    Args:
        connection: in a transaction.
        account: the account.
        password_hash: of the password that its owner chose.
        step: of the code by which the owner confirmed the second factor.
        secret_key: the portal's current key.
        now: the current time.

    Returns:
        recovery codes, of which only digests are stored.
    """
    _change(connection, account.id, password_hash=password_hash, totp_step=step, enrolled_at=now)
    return renew_recovery_codes(connection, account, secret_key)


def change_password(connection: sa.Connection, account: Account, password_hash: str) -> None:
    """Store another password of an account that is enrolled."""
    _change(connection, account.id, password_hash=password_hash)


def renew_recovery_codes(
    connection: sa.Connection, account: Account, secret_key: bytes
) -> list[str]:
    """Replace the recovery codes of an account.

    Returns:
        the new codes, of which only digests are stored.
    """
    connection.execute(sa.delete(recovery_codes).where(recovery_codes.c.account_id == account.id))
    codes = [
        "".join(secrets.choice(CODE_ALPHABET) for _ in range(_CODE_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    rows = [
        {"account_id": account.id, "digest": _code_digest(secret_key, account.id, code)}
        for code in codes
    ]
    connection.execute(sa.insert(recovery_codes), rows)
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def confirm(
    connection: sa.Connection,
    account: Account,
    typed: str,
    secret_keys: Iterable[bytes],
    now: datetime,
) -> bool:
    """Whether a code is valid for an account; a valid code is used up.

    Args:
        connection: in the writer's transaction, so that no two sign-ins use the same code.
        account: the account; its ``totp_step`` is read again.
        typed: a code of the device, or a recovery code.
        secret_keys: the portal's current key and former ones.
        now: the current time.
    """
    keys = list(secret_keys)
    last_step = connection.scalar(
        sa.select(accounts.c.totp_step).where(accounts.c.id == account.id)
    )
    step = totp.accepted_step(typed, totp_secrets(account, keys), now, last_step or 0)
    if step is not None:
        _change(connection, account.id, totp_step=step)
        return True
    code = code_characters(typed)
    digests = {_code_digest(key, account.id, code) for key in keys}
    unused = sa.select(recovery_codes).where(
        recovery_codes.c.account_id == account.id, recovery_codes.c.used_at.is_(None)
    )
    for row in connection.execute(unused):
        if any(hmac.compare_digest(row.digest, digest) for digest in digests):
            used = sa.update(recovery_codes).where(recovery_codes.c.id == row.id)
            connection.execute(used.values(used_at=now))
            return True
    return False


def codes_left(connection: sa.Connection, account_id: int) -> int:
    """How many recovery codes an account has not used."""
    query = sa.select(sa.func.count()).where(
        recovery_codes.c.account_id == account_id, recovery_codes.c.used_at.is_(None)
    )
    return connection.execute(query).scalar_one()


def totp_secrets(account: Account, secret_keys: Iterable[bytes]) -> list[bytes]:
    """The secrets of an account's second factor, one for each secret key."""
    return [totp.account_secret(key, account.id, account.totp_version) for key in secret_keys]


def _change(connection: sa.Connection, account_id: int, **values: object) -> None:
    connection.execute(sa.update(accounts).where(accounts.c.id == account_id).values(values))


def _code_digest(secret_key: bytes, account_id: int, code: str) -> str:
    """What is stored of a recovery code; a digest without a key would let codes be guessed."""
    return derived(secret_key, b"recovery code", f"{account_id}.{code}", 32).hex()
