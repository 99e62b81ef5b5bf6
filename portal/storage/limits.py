"""How much one sender may send: who a sender is, counting the last hour, how long to wait.

A sender is a keyed number, never the network address itself. What came in is remembered
for an hour in the table ``arrivals``; a running portal deletes what is older once a minute.
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

REMEMBERED = timedelta(hours=1)
"""How long arrivals are counted."""
FORGET_EVERY = timedelta(minutes=1)
FORGOTTEN = 5000
"""Arrivals deleted in one transaction; few enough that senders do not notice."""


class RateLimited(Exception):
    """The sender must wait.

    Args:
        minutes: how long.
    """

    def __init__(self, minutes: int) -> None:
        super().__init__(f"wait {minutes} minutes")
        self.minutes = minutes


def sender_number(secret_key: bytes, address: str) -> int:
    """The number that stands for a network address.

    Args:
        secret_key: the portal's own; without it the address cannot be found again.
        address: an IPv4 address; an IPv6 address, whose household's /64 counts; or
            whatever else a proxy calls its client (``unknown``, ``unix:``), as one sender.
    """
    network = address
    if ":" in address:
        with suppress(ValueError):
            mapped = ipaddress.IPv6Address(address).ipv4_mapped
            network = str(mapped or ipaddress.ip_network(address).supernet(new_prefix=64))
    return narrow_hash(secret_key + network.encode("utf-8", "replace"))


def narrow_hash(content: bytes) -> int:
    """A hash of 64 bits, as both databases store an integer: an index of such is narrow.

    BLAKE2 needs no HMAC round it: a hash of what begins with a key can only be made with
    the key (RFC 7693, 1).
    """
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), signed=True)


async def forget_regularly(database: Database) -> None:
    """Delete what is older than an hour, until cancelled.

    A fault of the database is reported where it is met; the next minute tries again.
    """
    while True:
        with suppress(Unavailable):
            while await database.write(lambda connection: forget(connection, datetime.now(UTC))):
                pass
        await asyncio.sleep(FORGET_EVERY.total_seconds())


def forget(connection: sa.Connection, now: datetime) -> bool:
    """Delete the oldest arrivals and attempts; tells whether there may be more.

    What is more than an hour ahead came while the clock was wrong. Kept until then, it would
    make its senders wait for as long as the clock was ahead.
    """
    hours = {"hour_ago": now - REMEMBERED, "hour_ahead": now + REMEMBERED}
    deleted = [connection.execute(delete, hours).rowcount for delete in _FORGET]
    return FORGOTTEN in deleted


def count_recent(
    connection: sa.Connection, senders: Collection[int], now: datetime
) -> Counter[int]:
    """How many arrivals of some senders are within the hour."""
    if not senders:
        return Counter()
    values = {"senders": list(senders), "hour_ago": now - REMEMBERED}
    return Counter(dict(connection.execute(_COUNT, values).all()))


def rate_limited(
    connection: sa.Connection, sender: int, per_hour: int, now: datetime
) -> RateLimited:
    """How long a sender must wait whose last ``per_hour`` arrivals are all within the hour.

    Arrivals of the present batch are not stored yet; if all are, the wait is a whole hour.
    """
    values = {"sender": sender, "hour_ago": now - REMEMBERED, "later": per_hour - 1}
    oldest = connection.scalar(_OLDEST, values) or now
    return RateLimited(math.ceil((oldest + REMEMBERED - now) / timedelta(minutes=1)))


# The oldest rows have the least ids, so an index leads to them.
_FORGET = [
    sa.delete(table).where(
        table.c.id
        < sa.select(sa.func.min(table.c.id)).scalar_subquery() + sa.literal_column(str(FORGOTTEN)),
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
