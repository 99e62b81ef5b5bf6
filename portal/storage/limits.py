"""Rate limits: identifying senders, and counting their messages of the last hour.

A sender is stored as a keyed hash, never as a network address. The table ``arrivals``
records each message for an hour; a running portal deletes older rows once a minute.
"""

import asyncio
import hashlib
import ipaddress
import math
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from portal.storage.database import Database, Unavailable
from portal.storage.tables import arrivals, attempts

WINDOW = timedelta(hours=1)
"""How long arrivals are counted."""
FORGET_EVERY = timedelta(minutes=1)
DELETE_LIMIT = 5000
"""The most rows deleted from a table in one transaction; few enough that senders notice nothing."""


class RateLimited(Exception):
    """The sender must wait.

    Args:
        minutes: how long.
    """

    def __init__(self, minutes: int) -> None:
        super().__init__(f"wait {minutes} minutes")
        self.minutes = minutes


def sender_number(secret_key: bytes, address: str) -> int:
    """A keyed hash of a network address.

    Args:
        secret_key: the portal's; without it, the hash cannot be traced to the address.
        address: an IPv4 address; an IPv6 address, of which the /64 network is hashed; or
            another name that a proxy gives its client (``unknown``, ``unix:``).
    """
    network = address
    if ":" in address:
        with suppress(ValueError):
            mapped = ipaddress.IPv6Address(address).ipv4_mapped
            network = str(mapped or ipaddress.ip_network(address).supernet(new_prefix=64))
    return narrow_hash(secret_key + network.encode("utf-8", "replace"))


def narrow_hash(content: bytes) -> int:
    """A 64-bit hash, which both databases store as an integer and index compactly.

    Content that begins with a secret key needs no HMAC: BLAKE2 does not allow length extension
    (Aumasson et al., "BLAKE2: simpler, smaller, fast as MD5", 2013).
    """
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), signed=True)


async def forget_regularly(database: Database) -> None:
    """Delete arrivals and attempts older than an hour once a minute, until cancelled.

    ``Database`` logs its own errors; the deletion is tried again a minute later.
    """
    while True:
        with suppress(Unavailable):
            while await database.write(lambda connection: forget(connection, datetime.now(UTC))):
                pass
        await asyncio.sleep(FORGET_EVERY.total_seconds())


def forget(connection: sa.Connection, now: datetime) -> bool:
    """Delete some arrivals and attempts that no longer count; return whether there were any.

    Rows more than an hour in the future were stored while the clock was wrong. They are
    deleted too: otherwise they would make their senders wait until that time.
    """
    hours = {"hour_ago": now - WINDOW, "hour_ahead": now + WINDOW}
    return sum(connection.execute(delete, hours).rowcount for delete in _FORGET) > 0


def count_recent(
    connection: sa.Connection, senders: Collection[int], now: datetime
) -> Counter[int]:
    """The number of arrivals within the last hour, by sender."""
    if not senders:
        return Counter()
    values = {"senders": list(senders), "hour_ago": now - WINDOW}
    return Counter(dict(connection.execute(_COUNT, values).all()))


def rate_limited(
    connection: sa.Connection, sender: int, per_hour: int, now: datetime
) -> RateLimited:
    """The error for a sender who has reached the limit, with the minutes to wait.

    Arrivals of the current batch are not stored yet. If fewer than ``per_hour`` are stored,
    the wait is a whole hour.
    """
    values = {"sender": sender, "hour_ago": now - WINDOW, "later": per_hour - 1}
    oldest = connection.scalar(_OLDEST, values) or now
    return RateLimited(math.ceil((oldest + WINDOW - now) / timedelta(minutes=1)))


# The oldest rows have the smallest ids, so the primary key finds them.
_FORGET = [
    sa.delete(table).where(
        table.c.id
        < sa.select(sa.func.min(table.c.id)).scalar_subquery()
        + sa.literal_column(str(DELETE_LIMIT)),
        sa.or_(moment <= sa.bindparam("hour_ago"), moment > sa.bindparam("hour_ahead")),
    )
    for table, moment in ((arrivals, arrivals.c.received_at), (attempts, attempts.c.made_at))
]
_COUNT = (
    sa.select(arrivals.c.sender, sa.func.count())
    .where(
        arrivals.c.sender.in_(sa.bindparam("senders", expanding=True)),
        arrivals.c.received_at > sa.bindparam("hour_ago"),
    )
    .group_by(arrivals.c.sender)
)
_OLDEST = (
    sa.select(arrivals.c.received_at)
    .where(
        arrivals.c.sender == sa.bindparam("sender"),
        arrivals.c.received_at > sa.bindparam("hour_ago"),
    )
    .order_by(arrivals.c.id.desc())
    .offset(sa.bindparam("later"))
    .limit(1)
)
