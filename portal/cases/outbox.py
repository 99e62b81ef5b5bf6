"""The outbox: letters that wait to be sent, and the outcome of their deliveries.

A letter is a row, written in the same transaction as what it is about, so no letter is sent
about something that was not stored. A node takes a letter for some minutes (a lease), and
counts the attempt before it makes it. If the node dies, another may take the letter when the
lease ends. A letter is tried until it is accepted or given up, so it may arrive twice, always
with the same Message-ID.

Letters of a kind to one address are queued an hour apart, and none is queued if one that waits
says the same. The portal never replies to incoming mail (RFC 3834, 2).
"""

import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from portal.storage.tables import Moment, answers, letters

TO_GUARDIANS = ("received", "answered")
TO_STAFF = ("new-message", "word-in-case", "overdue")

INTERVAL = timedelta(hours=1)
"""The least time between two letters of a kind to one address, unless one is tried again."""
CONFIRMATIONS = 5
"""The most confirmations of receipt that wait for one address: nobody can flood a stranger."""
LEASE = timedelta(minutes=5)
"""How long a letter is taken for: longer than any attempt (``delivery.TIMEOUT_SECONDS``)."""
LONGEST_WAIT = timedelta(hours=4)
"""Between two attempts."""
GIVE_UP_AFTER = timedelta(days=4)
"""A letter is given up when an attempt fails after this time (RFC 5321, 4.5.4.1)."""


class NewLetter(NamedTuple):
    """A letter to be queued."""

    kind: str
    """One of ``TO_GUARDIANS`` or ``TO_STAFF``."""
    recipient: str
    language: str
    """The tag of its language: that of the case, or Swedish for staff."""
    case_id: int | None = None
    """The case that it is about; None if it is about the inbox."""
    answer_id: int | None = None
    """The answer that it announces."""
    not_before: datetime | None = None
    """The end of the answer's hold; at once when left out."""
    message_id: str = ""
    """Its Message-ID before the @; no two letters can have the same. Random when left out."""


@dataclass(frozen=True)
class Letter:
    """A letter in the outbox."""

    id: int
    kind: str
    case_id: int | None
    recipient: str
    language: str
    message_id: str
    queued_at: datetime
    not_before: datetime
    attempts: int
    delivered_at: datetime | None
    failed_at: datetime | None
    fault: str
    """The code of the mail server's last refusal, or the kind of the fault."""


class State(NamedTuple):
    """The state of the outbox."""

    waiting_since: datetime | None
    """When the letter that has waited longest was due."""
    failed: int
    """How many letters could not be delivered."""


def queue(connection: sa.Connection, new: Sequence[NewLetter], now: datetime) -> None:
    """Put letters into the outbox; those of a kind to an address go ``INTERVAL`` or more apart.

    Args:
        connection: in the writer's transaction, that of what the letters are about.
        new: the letters; none if the portal has no mail server.
        now: when they are queued.
    """
    if not new:
        return
    values = {"recipients": list({letter.recipient for letter in new}), "since": now - INTERVAL}
    others: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for other in connection.execute(_OTHERS, values).mappings():
        others[other["recipient"], other["kind"]].append({**other})
    rows = []
    for letter in new:
        same = others[letter.recipient, letter.kind]
        ready = letter.not_before or now
        not_before = max([ready, *(other["goes_at"] + INTERVAL for other in same)])
        waiting = [other for other in same if other["waits"]]
        duplicate = next((other for other in waiting if _covers(other, letter, now)), None)
        if duplicate and letter.not_before and duplicate["goes_at"] < ready:
            moved = sa.update(letters).where(letters.c.id == duplicate["id"])
            connection.execute(moved.values(not_before=ready))
        if duplicate or (letter.kind == "received" and len(waiting) >= CONFIRMATIONS):
            continue
        message_id = letter.message_id or secrets.token_hex(16)
        times = {"queued_at": now, "not_before": not_before}
        row = letter._asdict() | times | {"message_id": message_id}
        rows.append(row)
        state = {"waits": True, "goes_at": not_before, "leased_until": None}
        same.append(row | state | {"visible_at": letter.not_before})
    if rows:
        connection.execute(_INSERT, rows)


def _covers(waiting: dict[str, Any], letter: NewLetter, now: datetime) -> bool:
    """Whether a waiting letter makes another one redundant.

    It does not while it is being sent, nor while its answer can be taken back, because that
    deletes it.
    """
    visible_at, leased_until = waiting["visible_at"], waiting["leased_until"]
    is_certain = visible_at is None or visible_at <= now
    is_being_sent = leased_until is not None and leased_until > now
    return waiting["case_id"] == letter.case_id and is_certain and not is_being_sent


def withdraw(connection: sa.Connection, answer_id: int) -> None:
    """Remove the letter of an answer that is taken back in its hold."""
    case_id = sa.select(answers.c.case_id).where(answers.c.id == answer_id).scalar_subquery()
    connection.execute(
        sa.delete(letters).where(
            letters.c.case_id == case_id,
            letters.c.answer_id == answer_id,
            letters.c.attempts == 0,
        )
    )


def claim(connection: sa.Connection, now: datetime) -> Letter | None:
    """Take the letter that has waited longest, and count the attempt to deliver it.

    Args:
        connection: in the writer's transaction.
        now: when the lease begins.

    Returns:
        None if no letter is to be sent now.
    """
    values = {"now": now, "leased_until": now + LEASE}
    row = connection.execute(_CLAIM, values).mappings().one_or_none()
    return Letter(**row) if row else None


def note_delivery(connection: sa.Connection, letter: Letter, now: datetime) -> None:
    """Record that the mail server has accepted a letter."""
    done = sa.update(letters).where(letters.c.id == letter.id)
    connection.execute(done.values(delivered_at=now, failed_at=None, leased_until=None, fault=""))


def note_failure(
    connection: sa.Connection,
    letter: Letter,
    fault: str,
    now: datetime,
    first_wait: timedelta | None,
) -> None:
    """Record that an attempt failed, and when the next may be made.

    Args:
        connection: in the writer's transaction.
        letter: as ``claim`` gave it; nothing is recorded if another node has taken it since.
        fault: the code of the mail server, or the kind of the fault; nothing personal.
        now: when it failed.
        first_wait: the wait after the first attempt, doubled after each further one; None
            if no attempt can succeed.
    """
    values: dict[str, Any] = {"fault": fault, "leased_until": None}
    if first_wait is None or now - letter.queued_at >= GIVE_UP_AFTER:
        values["failed_at"] = now
    else:
        # The exponent is bounded, since no timedelta is long enough for a large one.
        growing = first_wait * 2 ** min(letter.attempts - 1, 20)
        values["not_before"] = now + min(growing, LONGEST_WAIT)
    connection.execute(
        sa.update(letters)
        .where(
            letters.c.id == letter.id,
            letters.c.attempts == letter.attempts,
            letters.c.delivered_at.is_(None),
        )
        .values(values)
    )


def retry(connection: sa.Connection, now: datetime, letter_id: int | None = None) -> int:
    """Let letters that failed, or wait after a failure, be tried again at once.

    Args:
        connection: in a writing transaction.
        now: from when they are tried, as if they had just been queued.
        letter_id: only the letter with this id; all when left out.

    Returns:
        how many.
    """
    conditions = [
        letters.c.delivered_at.is_(None),
        letters.c.attempts > 0,
        sa.or_(letters.c.leased_until.is_(None), letters.c.leased_until <= now),
    ]
    if letter_id is not None:
        conditions.append(letters.c.id == letter_id)
    again = {"failed_at": None, "attempts": 0, "queued_at": now, "not_before": now}
    return connection.execute(sa.update(letters).where(*conditions).values(again)).rowcount


def failed_to_guardian(connection: sa.Connection, case_id: int) -> Sequence[Letter]:
    """The letters of a case that could not be delivered to the guardian, the oldest first."""
    query = _LETTERS.where(
        letters.c.case_id == case_id,
        letters.c.failed_at.is_not(None),
        letters.c.kind.in_(TO_GUARDIANS),
    )
    return _read(connection, query)


def undelivered_cases() -> sa.Select[tuple[int]]:
    """The numbers of all cases with ``failed_to_guardian`` letters, as a subquery."""
    return sa.select(letters.c.case_id).where(
        letters.c.failed_at.is_not(None), letters.c.kind.in_(TO_GUARDIANS)
    )


def waiting_or_failed(connection: sa.Connection, count: int) -> Sequence[Letter]:
    """The letters that wait or have failed, the oldest first."""
    return _read(connection, _LETTERS.where(letters.c.delivered_at.is_(None)).limit(count))


def state(connection: sa.Connection, now: datetime) -> State:
    """The state of the outbox; its cost depends on letters that wait or failed, not those sent."""
    waiting_since = connection.execute(_WAITING_SINCE, {"now": now}).scalar()
    return State(waiting_since, connection.execute(_FAILED).scalar_one())


def _read(connection: sa.Connection, query: sa.Select[Any]) -> list[Letter]:
    return [Letter(**row) for row in connection.execute(query).mappings()]


_COLUMNS = tuple(letters.c[name] for name in Letter.__annotations__)
_LETTERS = sa.select(*_COLUMNS).order_by(letters.c.id)
_WAITS = sa.and_(letters.c.delivered_at.is_(None), letters.c.failed_at.is_(None))
_GOES_AT = sa.func.coalesce(letters.c.delivered_at, letters.c.not_before, type_=Moment())
_TO_THE_SAME = (
    sa.select(
        *(letters.c[name] for name in ("id", "recipient", "kind", "case_id", "leased_until")),
        letters.c.delivered_at.is_(None).label("waits"),
        _GOES_AT.label("goes_at"),
        answers.c.visible_at,
    )
    .outerjoin(answers, letters.c.answer_id == answers.c.id)
    .where(
        letters.c.recipient.in_(sa.bindparam("recipients", expanding=True)),
        letters.c.failed_at.is_(None),
    )
)
# A union, since for one condition with OR SQLite would read all letters that an address ever got.
_OTHERS = sa.union_all(
    _TO_THE_SAME.where(letters.c.delivered_at.is_(None)),
    _TO_THE_SAME.where(letters.c.delivered_at > sa.bindparam("since", type_=Moment)),
)
_INSERT = sa.text(
    "INSERT INTO letters"
    " (kind, case_id, answer_id, recipient, language, message_id, queued_at, not_before)"
    " VALUES (:kind, :case_id, :answer_id, :recipient, :language, :message_id, :queued_at,"
    " :not_before) ON CONFLICT (message_id) DO NOTHING"
).bindparams(sa.bindparam("queued_at", type_=Moment), sa.bindparam("not_before", type_=Moment))
_NOW = sa.bindparam("now", type_=Moment)
_CLAIM = (
    sa.update(letters)
    .where(
        letters.c.id
        == sa.select(letters.c.id)
        .where(
            _WAITS,
            letters.c.not_before <= _NOW,
            sa.or_(letters.c.leased_until.is_(None), letters.c.leased_until <= _NOW),
        )
        .order_by(letters.c.not_before)
        .limit(1)
        .with_for_update(skip_locked=True)  # SQLite has one writer, and no such clause
        .scalar_subquery()
    )
    .values(attempts=letters.c.attempts + 1, leased_until=sa.bindparam("leased_until"))
    .returning(*_COLUMNS)
)
# A letter that was tried counts as due from the time it was queued, so that the waits between
# attempts do not hide the delay.
_DUE = sa.case((letters.c.attempts > 0, letters.c.queued_at), else_=letters.c.not_before)
_WAITING_SINCE = sa.select(sa.func.min(_DUE, type_=Moment())).where(_WAITS, _DUE <= _NOW)
_FAILED = sa.select(sa.func.count()).where(letters.c.failed_at.is_not(None))
