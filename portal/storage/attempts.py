"""Failed attempts to sign in and to open a case, and the waits that follow them.

Attempts are counted by subject: a keyed hash of a sender, or of a sender together with an
account or a case. A subject always includes the sender, so that a stranger's attempts do
not make anybody else wait.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from portal.storage.limits import REMEMBERED, narrow_hash
from portal.storage.tables import attempts

FIRST_WAIT = timedelta(seconds=10)
"""The wait after the last attempt that is free of one; each further failure doubles it."""
LONGEST_WAIT = timedelta(minutes=15)
DOUBLINGS = 10
"""Enough doublings to reach ``LONGEST_WAIT``; a cap that keeps the number small."""


def subject(secret_key: bytes, *words: object) -> int:
    """The keyed hash under which attempts are counted.

    Args:
        secret_key: the portal's; without it, a hash cannot be traced to a sender.
        words: the kind of attempt; the sender, from ``limits.sender_number``; optionally
            the name of an account or the number of a case.
    """
    return narrow_hash(secret_key + repr(words).encode("utf-8", "replace"))


def make(connection: sa.Connection, allowed: Mapping[int, int], now: datetime) -> timedelta:
    """Record an attempt unless the sender must wait; zero means that it was recorded.

    Args:
        connection: in the writer's transaction.
        allowed: see ``wait``.
        now: the current time; pass it to ``withdraw`` if the attempt succeeds.
    """
    time = wait(connection, allowed, now)
    if not time:
        record(connection, allowed, now)
    return time


def wait(connection: sa.Connection, allowed: Mapping[int, int], now: datetime) -> timedelta:
    """How long the sender must wait before the next attempt; may be zero.

    Args:
        connection: in the writer's transaction, in which ``record`` follows.
        allowed: for each subject, the failures within an hour that cause no wait.
        now: the current time.
    """
    query = (
        sa.select(attempts.c.subject, sa.func.count(), sa.func.max(attempts.c.id))
        .where(attempts.c.subject.in_(allowed), attempts.c.made_at > now - REMEMBERED)
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
    """Store an attempt before it is made, so that simultaneous attempts are counted."""
    rows = [{"subject": subject, "made_at": now} for subject in subjects]
    connection.execute(sa.insert(attempts), rows)


def withdraw(connection: sa.Connection, subjects: Collection[int], made_at: datetime) -> None:
    """Delete an attempt that succeeded."""
    connection.execute(
        sa.delete(attempts).where(attempts.c.subject.in_(subjects), attempts.c.made_at == made_at)
    )
