"""Sessions: who is signed in, in which browser, since when.

A session is a row. Its token is random and stored only in the browser; the row has its digest.
A session ends at sign-out, when its owner ends it or changes the password, when the account is
enrolled, reset or disabled, after an hour without use, and twelve hours after it began.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from portal.staff.accounts import Account
from portal.storage.tables import accounts, sessions

IDLE_LIMIT = timedelta(hours=1)
"""How long a session lasts unused."""
LIFE_LIMIT = timedelta(hours=12)
"""How long a session lasts at the most: a working day."""
SEEN_EVERY = timedelta(minutes=1)
"""How often the time of last use is stored, so that not every page causes a write."""
TOKEN_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Session:
    """One browser in which somebody is signed in."""

    id: int
    account_id: int
    created_at: datetime
    seen_at: datetime
    browser: str
    """As ``browser_name`` gives it."""


def begin(connection: sa.Connection, account_id: int, browser: str, now: datetime) -> str:
    """Begin a session; returns its token. Sessions that are over are deleted.

    Args:
        connection: in the writer's transaction.
        account_id: the account of the session.
        browser: as ``browser_name`` gives it.
        now: the current time.
    """
    connection.execute(sa.delete(sessions).where(sa.not_(_is_alive(now))))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    connection.execute(
        sa.insert(sessions).values(
            digest=_digest(token),
            account_id=account_id,
            created_at=now,
            seen_at=now,
            browser=browser,
        )
    )
    return token


def find(connection: sa.Connection, token: str, now: datetime) -> tuple[Session, Account] | None:
    """The session with a token, and its account; None if it is over or unknown."""
    query = (
        sa.select(sessions, accounts)
        .join(accounts, sessions.c.account_id == accounts.c.id)
        .where(sessions.c.digest == _digest(token), _is_alive(now))
        .where(accounts.c.disabled_at.is_(None))
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    columns = row._mapping
    account = Account(**{column.name: columns[column] for column in accounts.c})
    return _session(columns), account


def of_account(connection: sa.Connection, account_id: int, now: datetime) -> list[Session]:
    """The sessions of an account, the most recently used first."""
    query = (
        sa.select(sessions)
        .where(sessions.c.account_id == account_id, _is_alive(now))
        .order_by(sessions.c.seen_at.desc(), sessions.c.id.desc())
    )
    return [_session(row._mapping) for row in connection.execute(query)]


def keep_alive(connection: sa.Connection, session_id: int, now: datetime) -> None:
    """Store the time at which a session was last used."""
    connection.execute(sa.update(sessions).where(sessions.c.id == session_id).values(seen_at=now))


def end(connection: sa.Connection, session_id: int, account_id: int) -> None:
    """End a session, if it belongs to this account."""
    connection.execute(
        sa.delete(sessions).where(sessions.c.id == session_id, sessions.c.account_id == account_id)
    )


def end_all(connection: sa.Connection, account_id: int, kept_id: int = 0) -> None:
    """End all sessions of an account, except one that is kept."""
    connection.execute(
        sa.delete(sessions).where(sessions.c.account_id == account_id, sessions.c.id != kept_id)
    )


def browser_name(user_agent: str) -> str:
    """A browser and its system for people to recognise, such as ``Firefox, Windows``."""
    browser = next((name for name, mark in _BROWSERS if mark in user_agent), "")
    system = next((name for name, mark in _SYSTEMS if re.search(mark, user_agent)), "")
    return ", ".join(filter(None, (browser, system)))


_BROWSERS = (
    ("Edge", "Edg/"),
    ("Firefox", "Firefox/"),
    ("Chrome", "Chrome/"),
    ("Safari", "Safari/"),
)
"""In this order, since Edge also calls itself Chrome, and Chrome calls itself Safari."""
_SYSTEMS = (
    ("Android", "Android"),
    ("iOS", "iPhone|iPad"),
    ("Windows", "Windows"),
    ("macOS", "Macintosh"),
    ("Linux", "Linux"),
)


def _is_alive(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(sessions.c.seen_at > now - IDLE_LIMIT, sessions.c.created_at > now - LIFE_LIMIT)


def _session(columns: sa.RowMapping) -> Session:
    names = ("id", "account_id", "created_at", "seen_at", "browser")
    return Session(**{name: columns[sessions.c[name]] for name in names})


def _digest(token: str) -> str:
    """What is stored of a token; a random token needs no salt."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
