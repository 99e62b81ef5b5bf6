"""A case and the messages in it: their limits, receiving and reading them.

A guardian's message opens a case; what they write later on the page of the case belongs to it.
A message is stored as it was typed, after line breaks and Unicode have been normalised
(``web.forms``). The table ``arrivals`` contains, for an hour, each message's sender and
fingerprint: a message that is sent twice is recognised, and a sender's messages are counted.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from portal.cases import figures, outbox, references
from portal.cases.addresses import former_digest
from portal.cases.figures import OPEN_STATES as OPEN_STATES
from portal.cases.figures import STATES as STATES
from portal.cases.outbox import NewLetter
from portal.i18n.languages import SOURCE
from portal.storage.limits import RateLimited, count_recent, narrow_hash, rate_limited
from portal.storage.tables import MESSAGE_LIMIT as MESSAGE_LIMIT
from portal.storage.tables import (
    Moment,
    accounts,
    answers,
    arrivals,
    cases,
    former_addresses,
    messages,
)

CASE_LIMIT = 200
"""Messages in a case. They are all on its page, whose cost must have a limit."""
KINDS = ("question", "view", "complaint", "praise", "accessibility")
SAME_MESSAGE = timedelta(minutes=10)
"""The same text with the same choices, from the same sender within this time, is one message."""


class CaseFull(Exception):
    """The case has ``CASE_LIMIT`` messages."""


class Submission(NamedTuple):
    """What a person sends."""

    text: str
    email: str
    kind: str
    page: str | None
    """The slug of the page that a report of a fault is about."""
    language: str
    """The tag of the language of the page that it was written on."""
    answer_language: str = ""
    """The language wanted for the answer: a tag, ``other``, the person's own word, or empty."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A case, without what is written in it."""

    number: int
    address_version: int
    """Raised when the address is withdrawn; see ``addresses``."""
    state: str
    """One of ``STATES``."""
    since: datetime
    """When its state last changed. For an open case: when its wait for an answer began."""
    opened_at: datetime
    language: str
    answer_language: str
    kind: str
    page: str | None
    email: str
    officer_id: int | None
    """The account of its officer; None if it has none."""
    look_again_on: str | None
    """A day in ISO 8601."""
    revision: int
    """Raised by every change of these values, so that a form based on an older state is refused.

    A further message raises it only when it reopens the case.
    """

    @property
    def reference(self) -> str:
        """What people say and type; it gives no access."""
        return references.reference(self.number)


@dataclass(frozen=True)
class Message:
    """One message of a case."""

    id: int
    case_id: int
    received_at: datetime
    language: str
    """The language of the page that it was written on."""
    text_language: str | None
    """The language of its text, if an officer has corrected it."""
    text: str


class CaseNumber(NamedTuple):
    """What the address and the code of a case are derived from."""

    number: int
    address_version: int = 1


class Arrival(NamedTuple):
    """A submission to be received."""

    submission: Submission
    sender: int
    """As ``limits.sender_number`` gives it."""
    per_hour: int
    """How many messages a sender may send in an hour; 0: no limit."""
    case: CaseNumber | None = None
    """The case that it is added to; None if it opens one."""
    staff_mailbox: str | None = None
    """The mailbox of staff that is told; empty if there is none, None if no letters are sent."""


class _New(NamedTuple):
    """A message that is not stored yet, and its case."""

    arrival: Arrival
    fingerprint: int
    case: CaseNumber


def receive_all(
    connection: sa.Connection, batch: Sequence[Arrival], now: datetime | None = None
) -> list[CaseNumber | RateLimited | CaseFull]:
    """Store messages that came together, in their order.

    1. Find those that were sent before, and count what each sender has sent.
    2. Decide on each: it was sent before, is refused, or is new.
    3. Store the new ones, with one statement for each table.

    Args:
        connection: in the writer's transaction.
        batch: checked submissions and their senders.
        now: the time of receipt; the current time when left out.

    Returns:
        for each submission, in order: its case, or the reason why it is refused.
    """
    now = now or datetime.now(UTC)
    fingerprints = [_fingerprint(arrival) for arrival in batch]
    stored = _sent_before(connection, fingerprints, now - SAME_MESSAGE)
    limited = {arrival.sender for arrival in batch if arrival.per_hour}
    sent = count_recent(connection, limited, now)
    numbers = iter(figures.next_numbers(connection, sum(not arrival.case for arrival in batch)))
    results: list[CaseNumber | RateLimited | CaseFull] = []
    new: list[_New] = []
    for arrival, fingerprint in zip(batch, fingerprints, strict=True):
        if fingerprint not in stored:
            if arrival.per_hour and sent[arrival.sender] >= arrival.per_hour:
                results.append(rate_limited(connection, arrival.sender, arrival.per_hour, now))
                continue
            if arrival.case and _is_full(connection, arrival.case, new):
                results.append(CaseFull())
                continue
            sent[arrival.sender] += 1
            stored[fingerprint] = arrival.case or CaseNumber(next(numbers))
            new.append(_New(arrival, fingerprint, stored[fingerprint]))
        results.append(stored[fingerprint])
    if new:
        _store(connection, new, now)
    return results


def _is_full(connection: sa.Connection, case: CaseNumber, new: list[_New]) -> bool:
    """Whether a case has all the messages that it can have, with those of this batch."""
    count: int = connection.execute(_COUNT_MESSAGES, {"number": case.number}).scalar_one()
    return count + sum(message.case == case for message in new) >= CASE_LIMIT


def _sent_before(
    connection: sa.Connection, fingerprints: Sequence[int], since: datetime
) -> dict[int, CaseNumber]:
    """The cases of messages that came after a time, by fingerprint."""
    dialect = connection.dialect
    values: dict[str, Any] = {f"f{index}": value for index, value in enumerate(fingerprints)}
    values["since"] = Moment().process_bind_param(since, dialect)
    rows = connection.exec_driver_sql(_select_sent(dialect, len(fingerprints)), values)
    return {row[0]: CaseNumber(*row[1:]) for row in rows}


@cache
def _select_sent(dialect: sa.Dialect, count: int) -> str:
    """The query of ``_sent_before`` for this many fingerprints, compiled once."""
    fingerprints: list[sa.BindParameter[int]] = [sa.bindparam(f"f{n}") for n in range(count)]
    query = (
        sa.select(arrivals.c.fingerprint, arrivals.c.case_id, cases.c.address_version)
        .join(cases, arrivals.c.case_id == cases.c.id)
        .where(
            arrivals.c.fingerprint.in_(fingerprints),
            arrivals.c.received_at > sa.bindparam("since"),
        )
    )
    return str(query.compile(dialect=dialect))


def _store(connection: sa.Connection, new: list[_New], now: datetime) -> None:
    """Store new messages, their cases and arrivals; update the figures and queue the letters.

    SQLAlchemy takes longer to process the values of a statement than SQLite takes to run it, so
    the inserts are compiled once and get the values as the database stores them.
    """
    moment = Moment().process_bind_param(now, connection.dialect)
    opened: Counter[tuple[str, str]] = Counter()
    received: Counter[tuple[str, str]] = Counter()
    rows: dict[sa.Table, list[dict[str, Any]]] = {cases: [], messages: [], arrivals: []}
    for arrival, fingerprint, (number, _) in new:
        submission = arrival.submission
        language, kind, text = submission.language, submission.kind, submission.text
        if arrival.case:
            kind = _reopen(connection, number, now)
        else:
            opened[language, kind] += 1
            rows[cases].append(
                {
                    "id": number,
                    "state": "new",
                    "since": moment,
                    "opened_at": moment,
                    **submission._asdict(),
                }
            )
        received[language, kind] += 1
        common = {"case_id": number, "received_at": moment}
        rows[messages].append({"language": language, "text": text, **common})
        rows[arrivals].append({"sender": arrival.sender, "fingerprint": fingerprint, **common})
    for table, values in rows.items():
        if values:
            connection.exec_driver_sql(_insert_into(table, connection.dialect), values)
    figures.add(connection, figures.of_arrivals(received, opened, now))
    outbox.queue(connection, _letters(connection, new), now)


def _letters(connection: sa.Connection, new: list[_New]) -> list[NewLetter]:
    """The letters about new messages: to guardians who have opened a case, and to staff."""
    letters = []
    for arrival, _, case in new:
        submission, mailbox, officer = arrival.submission, arrival.staff_mailbox, None
        if mailbox is None:
            continue
        if arrival.case:
            officer = connection.execute(_OFFICER, {"number": case.number}).one_or_none()
        elif submission.email:
            kind, language = "received", submission.language
            letters.append(NewLetter(kind, submission.email, language, case.number))
        if officer and (recipient := officer.email or mailbox):
            letters.append(NewLetter("word-in-case", recipient, SOURCE, case.number))
        elif mailbox:
            letters.append(NewLetter("new-message", mailbox, SOURCE))
    return letters


_STORED_COLUMNS = {
    cases: (
        *("id", "state", "since", "opened_at"),
        *("language", "answer_language", "kind", "page", "email"),
    ),
    messages: ("case_id", "received_at", "language", "text"),
    arrivals: ("sender", "fingerprint", "case_id", "received_at"),
}
"""The columns that are filled in for a new message; all others have a default or are NULL."""


@cache
def _insert_into(table: sa.Table, dialect: sa.Dialect) -> str:
    insert = sa.insert(table).inline()
    return str(insert.compile(dialect=dialect, column_keys=_STORED_COLUMNS[table]))


def _reopen(connection: sa.Connection, number: int, now: datetime) -> str:
    """Reopen a case that is not open: as ``taken`` if it has an officer, otherwise as ``new``.

    Its wait begins now: its earlier messages were answered, or settled when it was closed.

    Returns:
        the kind of the case.
    """
    case = case_numbered(connection, number)
    if case.state not in OPEN_STATES:
        _update(connection, case, "taken" if case.officer_id else "new", now)
    return case.kind


def change_state(
    connection: sa.Connection,
    case: Case,
    state: str,
    now: datetime,
    since: datetime | None = None,
    **columns: Any,
) -> None:
    """Set the state of a case, perhaps to the same one, and change the figures with it.

    A case whose state stays the same, or stays open, keeps its ``since``. One that staff reopen
    gets the time of its oldest message without an answer, or the current time if every message
    has one.

    Args:
        connection: in the writer's transaction.
        case: as it was read in this transaction.
        state: one of ``STATES``.
        now: the current time.
        since: a former value of ``since`` to restore; None for that of the rule above.
        columns: values of further columns.
    """
    if since is None:
        since = now
        if state == case.state or {state, case.state} <= OPEN_STATES:
            since = case.since
        elif state in OPEN_STATES:
            since = connection.scalar(_OLDEST_UNANSWERED, {"number": case.number}) or now
    _update(connection, case, state, since, **columns)


def _update(
    connection: sa.Connection, case: Case, state: str, since: datetime, **columns: Any
) -> None:
    values = columns | {"state": state, "since": since, "revision": case.revision + 1}
    connection.execute(sa.update(cases).where(cases.c.id == case.number).values(values))
    changes = Counter(figures.of_case(state, since, case.language, case.kind))
    changes.subtract(figures.of_case(case.state, case.since, case.language, case.kind))
    figures.add(connection, changes)


def _fingerprint(arrival: Arrival) -> int:
    """A number that is equal for the same message from the same sender, in any page language.

    64 bits are enough: only messages of the last ten minutes are compared, and among a
    million of them the chance that any two collide is about one in 37 million.
    """
    submission = arrival.submission
    fields = (
        arrival.sender,
        arrival.case,
        submission.email,
        submission.kind,
        submission.page,
        submission.answer_language,
    )
    # repr() quotes the fields, so a text cannot imitate a field.
    return narrow_hash(f"{fields!r}{submission.text}".encode())


def find_case(connection: sa.Connection, number: int | None) -> Case | None:
    """A case by its number; None if there is no such case."""
    return _find(connection, cases.c.id == number)


def case_numbered(connection: sa.Connection, number: int) -> Case:
    """The case with this number, which must exist; read in the writer's transaction."""
    query = sa.select(cases).where(cases.c.id == number)
    return case_of(connection.execute(query).mappings().one())


def find_by_former_address(connection: sa.Connection, address: str) -> Case | None:
    """A case by an address from before addresses were derived from the secret key."""
    case_id = sa.select(former_addresses.c.case_id).where(
        former_addresses.c.digest == former_digest(address)
    )
    return _find(connection, cases.c.id == case_id.scalar_subquery())


def newest(connection: sa.Connection, count: int) -> list[tuple[Case, Message]]:
    """The newest messages with their cases, the newest first."""
    query = _MESSAGES_AND_CASES.order_by(messages.c.id.desc()).limit(count)
    rows = connection.execute(query).mappings()
    return [(case_of(row), _message_of(row)) for row in rows]


def messages_of(connection: sa.Connection, number: int) -> list[Message]:
    """The messages of a case, in the order in which they came."""
    query = sa.select(messages).where(messages.c.case_id == number).order_by(messages.c.id)
    return [_message_of(row) for row in connection.execute(query).mappings()]


def _find(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Case | None:
    row = connection.execute(sa.select(cases).where(condition)).mappings().one_or_none()
    return case_of(row) if row else None


def case_of(row: sa.RowMapping) -> Case:
    """The case of a row that has all columns of ``cases``."""
    columns = {column.name: row[column] for column in cases.c}
    return Case(number=columns.pop("id"), **columns)


def _message_of(row: sa.RowMapping) -> Message:
    return Message(**{column.name: row[column] for column in messages.c})


_MESSAGES_AND_CASES = sa.select(messages, cases).join(cases, messages.c.case_id == cases.c.id)
_LAST_ANSWERED_AT = (
    sa.select(sa.func.max(answers.c.visible_at))
    .where(answers.c.case_id == sa.bindparam("number"), answers.c.withdrawn_at.is_(None))
    .scalar_subquery()
)
_OLDEST_UNANSWERED = sa.select(
    sa.type_coerce(sa.func.min(messages.c.received_at), Moment),
).where(
    messages.c.case_id == sa.bindparam("number"),
    sa.or_(_LAST_ANSWERED_AT.is_(None), messages.c.received_at > _LAST_ANSWERED_AT),
)
_COUNT_MESSAGES = sa.select(sa.func.count()).where(
    messages.c.case_id == sa.bindparam("number", type_=messages.c.case_id.type)
)
_OFFICER = (
    sa.select(accounts.c.email)
    .join(cases, cases.c.officer_id == accounts.c.id)
    .where(cases.c.id == sa.bindparam("number"), accounts.c.disabled_at.is_(None))
)
