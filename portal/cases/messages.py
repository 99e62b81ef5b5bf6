"""A message from the public: its limits, receiving it, finding it again.

A message is kept exactly as it was sent. A second table remembers from which sender
(a keyed number, never the address itself) messages came: it tells a message that is
sent twice from a new one, and a flood from a family. Only the last hour counts; what is
older is forgotten when the next messages come.
"""

import hashlib
import ipaddress
import math
import secrets
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.storage.database import CompiledStatement
from portal.storage.tables import Moment, arrivals, messages

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

MESSAGE_LIMIT = 5000
"""The longest message, in characters (Unicode code points after NFC)."""
KINDS = ("question", "view", "complaint", "praise", "accessibility")

SAME_MESSAGE = timedelta(minutes=10)
"""The same text from the same sender within this time is the same message."""
REMEMBERED = timedelta(hours=1)
"""So long is it known how many messages a sender has sent."""
OVERDUE = timedelta(hours=1, minutes=1)
"""What is older is forgotten: not with every message, since many at once cost less."""
FORGOTTEN = 5000
"""So many arrivals are forgotten at once at the most; nobody waits longer for that."""

REFERENCE_ALPHABET = "ABCDEFGHJKLMNPRSTUVWXY23456789"
"""Without I, O, Q, Z, 0 and 1, which are hard to tell apart on the phone (GOV.UK)."""
REFERENCE_LENGTH = 8
REFERENCES: int = len(REFERENCE_ALPHABET) ** REFERENCE_LENGTH
MULTIPLIER = 405_492_100_019
"""Takes numbers that follow each other far apart, and each to another: prime to ``REFERENCES``."""
_INVERSE: int = pow(MULTIPLIER, -1, REFERENCES)
CODE_BYTES = 16
"""The address of a case is a secret of 128 bits."""


class RateLimited(Exception):
    """The sender must wait for so many minutes."""

    def __init__(self, minutes: int) -> None:
        super().__init__(f"wait {minutes} minutes")
        self.minutes = minutes


@dataclass(frozen=True)
class Submission:
    """What a person sends."""

    text: str
    email: str
    kind: str
    page: str | None
    language: str
    """The language of the page that it was written on."""
    answer_language: str = ""
    """The language wanted for the answer: a tag, or the person's own words for it."""


@dataclass(frozen=True, kw_only=True)
class Message(Submission):
    """What is kept."""

    reference: str
    """For people to say; it opens nothing."""
    code: str
    """For the person's own page; whoever has it can read the message."""
    received_at: datetime


@dataclass(frozen=True)
class Arrival:
    """What has come in and is to be received."""

    sent: Submission
    sender: int
    """Who sent it, as ``sender`` says."""
    per_hour: int
    """How many a sender may send in an hour; 0 means no limit."""


def sender(secret_key: bytes, address: str) -> int:
    """The number that stands for a network address for an hour.

    Args:
        secret_key: the portal's own; without it the address cannot be found again.
        address: an IPv4 address, or an IPv6 address whose household's /64 counts.
    """
    network = address
    if ":" in address:
        mapped = ipaddress.IPv6Address(address).ipv4_mapped
        network = str(mapped or ipaddress.ip_network(address).supernet(new_prefix=64))
    return _number(secret_key + network.encode())


def receive(
    connection: sa.Connection,
    sent: Submission,
    sender: int,
    per_hour: int,
    now: datetime | None = None,
) -> str:
    """Keep one message; as ``receive_all`` does, but a sender who must wait is an exception.

    Raises:
        RateLimited: when the sender must wait.
    """
    (result,) = receive_all(connection, [Arrival(sent, sender, per_hour)], now)
    if isinstance(result, RateLimited):
        raise result
    return result


def receive_all(
    connection: sa.Connection, arrived: Sequence[Arrival], now: datetime | None = None
) -> list[str | RateLimited]:
    """Keep messages that came together, in their order.

    1. Forget arrivals of more than an hour ago, once they are overdue.
    2. Find what was sent before, and how often each sender has sent.
    3. Decide on each: the earlier case's code, "wait", or a case of its own.
    4. Keep the new ones, all with one statement a table: a row more costs little.

    Args:
        connection: in the writer's transaction.
        arrived: what was sent, checked.
        now: the time of receipt; the present when left out.

    Returns:
        for each the code of its case: the earlier one, where the same was sent a moment
        ago; or RateLimited, when its sender must wait.
    """
    now = now or datetime.now(UTC)
    since = partial(_since, connection, now)
    _FORGET(connection, {"overdue": since(OVERDUE), "hour": since(REMEMBERED)})
    prints = [_fingerprint(one) for one in arrived]
    codes = _found(_SENT_BEFORE, connection, since(SAME_MESSAGE), prints)
    limited = {one.sender for one in arrived if one.per_hour}
    counts = Counter(_found(_COUNTS, connection, since(REMEMBERED), limited))
    results: list[str | RateLimited] = []
    new = []
    for one, fingerprint in zip(arrived, prints, strict=True):
        if fingerprint not in codes:
            if one.per_hour and counts[one.sender] >= one.per_hour:
                results.append(_wait(connection, one, now))
                continue
            counts[one.sender] += 1
            codes[fingerprint] = _code(now)
            new.append((one, fingerprint, codes[fingerprint]))
        results.append(codes[fingerprint])
    if new:
        _keep(connection, new, since(timedelta()))
    return results


def _since(connection: sa.Connection, now: datetime, ago: timedelta) -> Any:
    """A moment so long ago, as the database keeps it."""
    return Moment().process_bind_param(now - ago, connection.dialect)


def _found(
    statement: CompiledStatement, connection: sa.Connection, after: Any, among: Collection[int]
) -> dict[int, Any]:
    """What a statement finds that came after a moment, by one of the numbers."""
    rows = statement(connection, {"after": after}, among).fetchall() if among else []
    return dict(rows)


def _keep(connection: sa.Connection, new: list[tuple[Arrival, int, str]], now: Any) -> None:
    """Write messages, and that they arrived."""
    _INSERT_MESSAGE.for_each(
        connection, [vars(one.sent) | {"code": code, "received_at": now} for one, _, code in new]
    )
    _INSERT_ARRIVAL.for_each(
        connection,
        [
            {"sender": one.sender, "fingerprint": mark, "code": code, "received_at": now}
            for one, mark, code in new
        ],
    )


def _code(now: datetime) -> str:
    """A code that nobody can guess.

    It begins with the time so that new ones stand together at the end of the index:
    what is scattered costs a page of the index for each message.
    """
    return f"{int(now.timestamp() * 1000):011x}{secrets.token_urlsafe(CODE_BYTES)}"


def reference(number: int) -> str:
    """A message's number, so that people can say it.

    Those of neighbours look nothing alike, but they can be worked out: a reference is
    a number in a diary and no secret.
    """
    rest, signs = number * MULTIPLIER % REFERENCES, ""
    for _ in range(REFERENCE_LENGTH):
        rest, place = divmod(rest, len(REFERENCE_ALPHABET))
        signs += REFERENCE_ALPHABET[place]
    return signs


def number(reference: str) -> int | None:
    """The number of a reference, written in any way: ``abcd efgh`` too."""
    signs = "".join(sign for sign in _in_latin_digits(reference).upper() if sign.isalnum())
    if len(signs) != REFERENCE_LENGTH or not set(signs) <= set(REFERENCE_ALPHABET):
        return None
    found: int = 0
    for sign in reversed(signs):
        found = found * len(REFERENCE_ALPHABET) + REFERENCE_ALPHABET.index(sign)
    return found * _INVERSE % REFERENCES


async def find(connection: "AsyncConnection", code: str) -> Message | None:
    """The message of a case, by the code of its page."""
    return await _one(connection, _BY_CODE, code)


async def refer(connection: "AsyncConnection", reference: str) -> Message | None:
    """The message with a reference, as ``number`` reads it."""
    return await _one(connection, _BY_NUMBER, number(reference))


async def newest(connection: "AsyncConnection", count: int) -> Sequence[Message]:
    """The newest messages, the newest first."""
    rows = await connection.execute(sa.select(messages).order_by(messages.c.id.desc()).limit(count))
    return [_message(row) for row in rows.mappings()]


_BY_CODE = sa.select(messages).where(messages.c.code == sa.bindparam("key"))
_BY_NUMBER = sa.select(messages).where(messages.c.id == sa.bindparam("key"))


async def _one(
    connection: "AsyncConnection", statement: sa.Select[Any], key: str | int | None
) -> Message | None:
    row = (await connection.execute(statement, {"key": key})).mappings().one_or_none()
    return _message(row) if row else None


def _message(row: sa.RowMapping) -> Message:
    kept: dict[str, Any] = {**row}
    return Message(reference=reference(kept.pop("id")), **kept)


def _in_latin_digits(text: str) -> str:
    """The text with digits of every script, such as ٣, as European ones."""
    return "".join(str(unicodedata.digit(sign, sign)) for sign in text)


# The oldest are those with the least ids; when none of them is overdue, no row is looked at.
_OVERDUE = sa.select(arrivals.c.id).where(
    arrivals.c.id == sa.select(sa.func.min(arrivals.c.id)).scalar_subquery(),
    arrivals.c.received_at <= sa.bindparam("overdue"),
)
_FORGET = CompiledStatement(
    sa.delete(arrivals).where(
        arrivals.c.id < _OVERDUE.scalar_subquery() + sa.literal_column(str(FORGOTTEN)),
        arrivals.c.received_at <= sa.bindparam("hour"),
    )
)
_SENT_BEFORE = CompiledStatement(
    sa.select(arrivals.c.fingerprint, arrivals.c.code).where(
        arrivals.c.fingerprint.in_(sa.bindparam("among", expanding=True)),
        arrivals.c.received_at > sa.bindparam("after"),
    )
)
_COUNTS = CompiledStatement(
    sa.select(arrivals.c.sender, sa.func.count())
    .where(
        arrivals.c.sender.in_(sa.bindparam("among", expanding=True)),
        arrivals.c.received_at > sa.bindparam("after"),
    )
    .group_by(arrivals.c.sender)
)
_OLDEST = (
    sa.select(arrivals.c.received_at)
    .where(
        arrivals.c.sender == sa.bindparam("sender"),
        arrivals.c.received_at > sa.bindparam("hour"),
    )
    .order_by(arrivals.c.id.desc())
    .offset(sa.bindparam("more"))
    .limit(1)
)
_INSERT_MESSAGE, _INSERT_ARRIVAL = (
    CompiledStatement(sa.insert(table).inline(), [name for name in table.c.keys() if name != "id"])  # noqa: SIM118
    for table in (messages, arrivals)
)


def _fingerprint(arrived: Arrival) -> int:
    """Equal for the same words from the same sender, in whichever language the page was.

    64 bits are enough: only messages of the last ten minutes are compared, and of a
    million of them two are taken for one once in thirty-seven million times.
    """
    sent = arrived.sent
    told = (arrived.sender, sent.email, sent.kind, sent.page, sent.answer_language)
    # The written tuple ends where it ends, whatever the text says.
    return _number(f"{told!r}{sent.text}".encode())


def _number(told: bytes) -> int:
    """A hash in 64 bits, as both databases keep a number: an index of such is narrow.

    BLAKE2 needs no HMAC round it: what begins with a key can only be made with the key.
    """
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), signed=True)


def _wait(connection: sa.Connection, one: Arrival, now: datetime) -> RateLimited:
    """How long a sender must wait whose last ``per_hour`` messages all came within the hour.

    Of what came together just now nothing is kept yet; the wait is then a whole hour.
    """
    asked = {"sender": one.sender, "hour": now - REMEMBERED, "more": one.per_hour - 1}
    oldest = connection.scalar(_OLDEST, asked) or now
    return RateLimited(math.ceil((oldest + REMEMBERED - now) / timedelta(minutes=1)))
