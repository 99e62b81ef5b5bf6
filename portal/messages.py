"""A message from the public: its limits, receiving it, finding it again.

A message is kept exactly as it was sent. For an hour a second table remembers
from which sender (a keyed code, never the address itself) messages came: it
tells a message that is sent twice from a new one, and a flood from a family.
"""

import hashlib
import hmac
import ipaddress
import json
import math
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.tables import arrivals, messages

MESSAGE_LIMIT = 5000
"""The longest message, in characters (Unicode code points after NFC)."""
KINDS = ("question", "view", "complaint", "praise", "accessibility")

SAME_MESSAGE = timedelta(minutes=10)
"""The same text from the same sender within this time is the same message."""
REMEMBERED = timedelta(hours=1)

REFERENCE_SIGNS = "ABCDEFGHJKLMNPRSTUVWXY23456789"
"""Without I, O, Q, Z, 0 and 1, which are hard to tell apart on the phone (GOV.UK)."""
REFERENCE_LENGTH = 8
CODE_BYTES = 16
"""The address of a case is a secret of 128 bits."""


class TooMany(Exception):
    """The sender must wait for so many minutes."""

    def __init__(self, minutes: int) -> None:
        super().__init__(f"wait {minutes} minutes")
        self.minutes = minutes


@dataclass(frozen=True)
class Sent:
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
class Message(Sent):
    """What is kept."""

    reference: str
    """For people to say; it opens nothing."""
    code: str
    """For the person's own page; whoever has it can read the message."""
    received_at: datetime


def sender(secret_key: bytes, address: str) -> str:
    """The code that stands for a network address for an hour.

    Args:
        secret_key: the portal's own; without it the address cannot be found again.
        address: an IPv4 address, or an IPv6 address whose household's /64 counts.
    """
    try:
        network = str(ipaddress.ip_network(address).supernet(new_prefix=64))
    except ValueError:
        network = address
    return hmac.new(secret_key, network.encode(), hashlib.sha256).hexdigest()[:32]


def receive(
    connection: sa.Connection, sent: Sent, sender: str, per_hour: int, now: datetime | None = None
) -> str:
    """Keep a message.

    Args:
        connection: in the writer's transaction.
        sent: what was sent, checked.
        sender: who sent it, as ``sender`` says.
        per_hour: how many a sender may send in an hour; 0 means no limit.
        now: the time of receipt; the present when left out.

    Returns:
        the code of the case: the earlier one, where the same was sent a moment ago.

    Raises:
        TooMany: when the sender must wait.
    """
    now = now or datetime.now(UTC)
    connection.execute(sa.delete(arrivals).where(arrivals.c.received_at <= now - REMEMBERED))
    fingerprint = _fingerprint(sent, sender)
    if code := _sent_before(connection, fingerprint, now):
        return code
    if per_hour:
        _check_rate(connection, sender, per_hour, now)
    # Two equal references in 30 to the power of 8 are refused by the table; the sender tries again.
    reference = "".join(secrets.choice(REFERENCE_SIGNS) for _ in range(REFERENCE_LENGTH))
    message = Message(
        **asdict(sent), reference=reference, code=secrets.token_urlsafe(CODE_BYTES), received_at=now
    )
    connection.execute(sa.insert(messages).values(asdict(message)))
    connection.execute(
        sa.insert(arrivals).values(
            sender=sender, fingerprint=fingerprint, code=message.code, received_at=now
        )
    )
    return message.code


async def find(connection: AsyncConnection, code: str) -> Message | None:
    """The message of a case, by the code of its page."""
    return await _one(connection, messages.c.code == code)


async def refer(connection: AsyncConnection, reference: str) -> Message | None:
    """The message with a reference, written in any way: ``abcd efgh`` too."""
    signs = "".join(sign for sign in _in_latin_digits(reference).upper() if sign.isalnum())
    return await _one(connection, messages.c.reference == signs)


async def newest(connection: AsyncConnection, count: int) -> Sequence[Message]:
    """The newest messages, the newest first."""
    rows = await connection.execute(_SELECT.order_by(messages.c.id.desc()).limit(count))
    return [Message(**row) for row in rows.mappings()]


_SELECT = sa.select(*(column for column in messages.c if column.name != "id"))


async def _one(connection: AsyncConnection, condition: sa.ColumnElement[bool]) -> Message | None:
    row = (await connection.execute(_SELECT.where(condition))).mappings().one_or_none()
    return Message(**row) if row else None


def _in_latin_digits(text: str) -> str:
    """The text with digits of every script, such as ٣, as European ones."""
    return "".join(str(unicodedata.digit(sign, sign)) for sign in text)


def _fingerprint(sent: Sent, sender: str) -> str:
    """Equal for the same words from the same sender, in whichever language the page was."""
    words = json.dumps([sender, sent.text, sent.email, sent.kind, sent.page, sent.answer_language])
    return hashlib.sha256(words.encode()).hexdigest()


def _sent_before(connection: sa.Connection, fingerprint: str, now: datetime) -> str | None:
    return connection.scalar(
        sa.select(arrivals.c.code).where(
            arrivals.c.fingerprint == fingerprint, arrivals.c.received_at > now - SAME_MESSAGE
        )
    )


def _check_rate(connection: sa.Connection, sender: str, per_hour: int, now: datetime) -> None:
    """Refuse when the sender's last ``per_hour`` messages all came within the hour."""
    oldest = connection.scalar(
        sa.select(arrivals.c.received_at)
        .where(arrivals.c.sender == sender)
        .order_by(arrivals.c.received_at.desc())
        .offset(per_hour - 1)
        .limit(1)
    )
    if oldest:
        wait = oldest + REMEMBERED - now
        raise TooMany(math.ceil(wait / timedelta(minutes=1)))
