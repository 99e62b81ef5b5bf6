"""A message from the public: its limits, receiving it, finding it again.

A message is stored exactly as it was sent. The table ``arrivals`` remembers for an hour
each message's sender and fingerprint. A message that is sent twice is recognised by it, and
a sender's messages of the last hour are counted.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.cases import references
from portal.storage.limits import RateLimited, count_recent, narrow_hash, rate_limited
from portal.storage.tables import MESSAGE_LIMIT as MESSAGE_LIMIT
from portal.storage.tables import Moment, arrivals, messages

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

KINDS = ("question", "view", "complaint", "praise", "accessibility")
SAME_MESSAGE = timedelta(minutes=10)
"""The same text from the same sender within this time is the same message."""
CODE_BYTES = 16
"""The address of a case is a secret of 128 bits."""


@dataclass(frozen=True)
class Submission:
    """What a person sends."""

    text: str
    email: str
    kind: str
    page: str | None
    """The slug of the page that a report of a fault is about."""
    language: str
    """The tag of the page that it was written on."""
    answer_language: str = ""
    """The language wanted for the answer: a tag, or the person's own words for it."""


@dataclass(frozen=True, kw_only=True)
class Message(Submission):
    """What is stored."""

    reference: str
    """For people to say; it opens nothing."""
    code: str
    """For the person's own page; whoever has it can read the message."""
    received_at: datetime


@dataclass(frozen=True)
class Arrival:
    """A submission that is to be received."""

    submission: Submission
    sender: int
    """As ``limits.sender_number`` gives it."""
    per_hour: int
    """How many a sender may send in an hour; 0 means no limit."""


def receive_all(
    connection: sa.Connection, batch: Sequence[Arrival], now: datetime | None = None
) -> list[str | RateLimited]:
    """Store messages that came together, in their order.

    1. Find what was sent before, and count what each sender has sent.
    2. Decide on each: the earlier case's code, "wait", or a case of its own.
    3. Store the new ones, with one statement for each table.

    Args:
        connection: in the writer's transaction.
        batch: checked submissions and their senders.
        now: the time of receipt; the present when left out.

    Returns:
        for each the code of its case, or how long its sender must wait.
    """
    now = now or datetime.now(UTC)
    fingerprints = [_fingerprint(arrival) for arrival in batch]
    values = {"fingerprints": fingerprints, "since": now - SAME_MESSAGE}
    codes: dict[int, str] = dict(connection.execute(_SENT_BEFORE, values).all())
    limited = {arrival.sender for arrival in batch if arrival.per_hour}
    counts = count_recent(connection, limited, now)
    # Codes that begin with the time are neighbours in the index; scattered codes would
    # each write a page of it.
    time_prefix = f"{int(now.timestamp() * 1000):011x}"
    results: list[str | RateLimited] = []
    new = []
    for arrival, fingerprint in zip(batch, fingerprints, strict=True):
        if fingerprint not in codes:
            if arrival.per_hour and counts[arrival.sender] >= arrival.per_hour:
                results.append(rate_limited(connection, arrival.sender, arrival.per_hour, now))
                continue
            counts[arrival.sender] += 1
            codes[fingerprint] = time_prefix + secrets.token_urlsafe(CODE_BYTES)
            new.append((arrival, fingerprint, codes[fingerprint]))
        results.append(codes[fingerprint])
    if new:
        _store(connection, new, now)
    return results


def _store(connection: sa.Connection, new: list[tuple[Arrival, int, str]], now: datetime) -> None:
    """Store new messages and that they arrived, by statements in the words of the driver.

    SQLAlchemy takes longer to look through the values of a statement than SQLite to run
    it, so these two are compiled once and their values given as the database stores them.
    """
    moment = Moment().process_bind_param(now, connection.dialect)
    connection.exec_driver_sql(
        _insert_into(messages, connection.dialect),
        [
            vars(arrival.submission) | {"code": code, "received_at": moment}
            for arrival, _, code in new
        ],
    )
    connection.exec_driver_sql(
        _insert_into(arrivals, connection.dialect),
        [
            {
                "sender": arrival.sender,
                "fingerprint": fingerprint,
                "code": code,
                "received_at": moment,
            }
            for arrival, fingerprint, code in new
        ],
    )


@cache
def _insert_into(table: sa.Table, dialect: sa.Dialect) -> str:
    """An INSERT of all columns but the id."""
    columns = [column.name for column in table.columns if column.name != "id"]
    return str(sa.insert(table).inline().compile(dialect=dialect, column_keys=columns))


def _fingerprint(arrival: Arrival) -> int:
    """Equal for the same words from the same sender, whatever the language of the page.

    64 bits are enough: only messages of the last ten minutes are compared, and of a
    million of them two are taken for one once in thirty-seven million times.
    """
    submission = arrival.submission
    fields = (
        arrival.sender,
        submission.email,
        submission.kind,
        submission.page,
        submission.answer_language,
    )
    # repr() quotes the fields, so no text can be taken for a field.
    return narrow_hash(f"{fields!r}{submission.text}".encode())


async def find(connection: "AsyncConnection", code: str) -> Message | None:
    """The message of a case, by the code of its page."""
    return await _find(connection, messages.c.code == code)


async def find_by_reference(connection: "AsyncConnection", reference: str) -> Message | None:
    """The message with a reference, as ``references.number`` reads it."""
    return await _find(connection, messages.c.id == references.number(reference))


async def newest(connection: "AsyncConnection", count: int) -> Sequence[Message]:
    """The newest messages, the newest first."""
    rows = await connection.execute(sa.select(messages).order_by(messages.c.id.desc()).limit(count))
    return [_message(row) for row in rows.mappings()]


async def _find(connection: "AsyncConnection", condition: sa.ColumnElement[bool]) -> Message | None:
    row = (await connection.execute(sa.select(messages).where(condition))).mappings().one_or_none()
    return _message(row) if row else None


def _message(row: sa.RowMapping) -> Message:
    columns: dict[str, Any] = {**row}
    return Message(reference=references.reference(columns.pop("id")), **columns)


_SENT_BEFORE = sa.select(arrivals.c.fingerprint, arrivals.c.code).where(
    arrivals.c.fingerprint.in_(sa.bindparam("fingerprints", expanding=True)),
    arrivals.c.received_at > sa.bindparam("since"),
)
