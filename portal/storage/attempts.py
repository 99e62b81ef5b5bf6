"""Failed attempts to sign in and to open a case, and the waits that follow them.

Attempts are counted by subjects: keyed numbers for a sender, or for a sender and an account or
case. Therefore nobody at another network address must wait.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from portal.storage.limits import WINDOW, narrow_hash
from portal.storage.tables import attempts

FIRST_WAIT = timedelta(seconds=10)
"""The wait once the allowed number of attempts has failed; each further failure doubles it."""
LONGEST_WAIT = timedelta(minutes=15)
DOUBLINGS = 10
"""More than are needed to reach the longest wait; keeps the number small."""


def subject(secret_key: bytes, *words: object) -> int:
    """The number of a subject.

    Args:
        secret_key: the portal's; without it, a hash cannot be traced to a sender.
        words: the kind of attempt; the sender, from ``limits.sender_number``; optionally
            the name of an account or the number of a case.
    """
    return narrow_hash(secret_key + repr(words).encode("utf-8", "replace"))


def make(connection: sa.Connection, allowed: Mapping[int, int], now: datetime) -> timedelta:
    """Record an attempt, unless its sender must wait.

    Args:
        connection: in the writer's transaction.
        allowed: as ``wait`` takes it.
        now: the current time; ``withdraw`` takes it when the attempt has not failed.

    Returns:
        the time to wait; zero when the attempt was recorded.
    """
    time = wait(connection, allowed, now)
    if not time:
        record(connection, allowed, now)
    return time


def wait(connection: sa.Connection, allowed: Mapping[int, int], now: datetime) -> timedelta:
    """How long the sender must wait before the next attempt; may be zero.

    Args:
        connection: in the writer's transaction, where ``record`` follows.
        allowed: how many attempts of the last hour may have failed without a wait, by subject.
        now: the current time.
    """
    query = (
        sa.select(attempts.c.subject, sa.func.count(), sa.func.max(attempts.c.id))
        .where(attempts.c.subject.in_(allowed), attempts.c.made_at > now - WINDOW)
        .group_by(attempts.c.subject)
    )
    longest = timedelta()
    for number, failures, latest in connection.execute(query).all():
        if failures >= allowed[number]:
            moment = sa.select(attempts.c.made_at).where(attempts.c.id == latest)
            made_at: datetime = connection.scalar(moment) or now
            doublings = min(failures - allowed[number], DOUBLINGS)
            end = made_at + min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
            longest = max(longest, end - now)
    return longest


def record(connection: sa.Connection, subjects: Collection[int], now: datetime) -> None:
    """Store an attempt. Where simultaneous ones must count, call it before the outcome is known."""
    rows = [{"subject": subject, "made_at": now} for subject in subjects]
    connection.execute(sa.insert(attempts), rows)


def withdraw(connection: sa.Connection, subjects: Collection[int], made_at: datetime) -> None:
    """Delete an attempt that did not fail."""
    connection.execute(
        sa.delete(attempts).where(attempts.c.subject.in_(subjects), attempts.c.made_at == made_at)
    )
