"""Answers to guardians: drafts, sending, and the hold in which an answer can be taken back.

An answer has Swedish words, words in the guardian's language, or both. Each form in which one
is written has a key, so that an answer that is sent twice is stored once. A draft is a row
for each person and form; it is removed only when it is sent, discarded by its author or saved
without words. The guardian cannot see an answer for a moment after it is sent (the hold).
After that it cannot be changed, only followed by another.
"""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import dropwhile
from typing import Any, NamedTuple

import sqlalchemy as sa

from portal.cases import figures, handling, history, outbox
from portal.cases.figures import OPEN_STATES, Figure
from portal.cases.handling import Changed, Step
from portal.cases.messages import Case, case_numbered, change_state
from portal.cases.outbox import NewLetter
from portal.storage import tables
from portal.storage.tables import Moment, accounts, answers, drafts, messages

ANSWER_LIMIT = 10_000
"""The longest text of an answer in one language, in characters."""
SEND, TAKE_BACK = "answer", "take-back"
"""The actions with an answer, as the history calls them."""


class TooLate(Exception):
    """The hold of an answer is over."""


@dataclass(frozen=True)
class Words:
    """The words of an answer."""

    swedish: str = ""
    translated: str = ""
    language: str = ""
    """The language of the translated words; empty if there are none."""
    asks: bool = False
    """Whether the guardian is asked something, so that the case waits for them."""


@dataclass(frozen=True)
class Answer:
    """An answer: Swedish words, words in the guardian's language, or both."""

    id: int
    written_at: datetime
    visible_at: datetime
    """The end of the hold."""
    swedish: str
    translated: str
    language: str
    """The language of the translated words; empty if there are none."""


@dataclass(frozen=True)
class StaffAnswer(Answer):
    """An answer as staff see it, also in its hold."""

    account_id: int
    """The account of its author."""
    full_name: str
    """The name of its author."""
    asks: bool

    def can_be_taken_back(self, account_id: int, now: datetime) -> bool:
        """Whether a person can still take it back: its author, in its hold."""
        return account_id == self.account_id and now < self.visible_at


@dataclass(frozen=True)
class Draft:
    """An answer that is not sent yet."""

    form_key: str
    words: Words
    saved_at: datetime


class Sending(NamedTuple):
    """An answer to be sent."""

    step: Step
    latest_message: int
    """The id of the newest message that its author was shown."""
    form_key: str
    base: datetime | None
    """As ``save_draft`` takes it."""
    words: Words
    hold: timedelta
    is_announced: bool
    """Whether the guardian is told by a letter, if the case has an address."""


def send(connection: sa.Connection, sending: Sending) -> int:
    """Store an answer; the guardian can see it when its hold is over.

    If the case has no officer, it becomes the author's. An answer that is sent twice is stored
    once. Its draft is removed, unless another window has saved other words in it since.

    Args:
        connection: in the writer's transaction.
        sending: the answer.

    Returns:
        the id of the answer.

    Raises:
        Changed: when the case was changed since it was shown, has a new message, or this form
            was sent before, with other words, or was taken back. The caller saves the draft.
    """
    step, words = sending.step, sending.words
    key = {"case_id": step.number, "form_key": sending.form_key}
    earlier = connection.execute(sa.select(answers).where(_has(answers, key))).one_or_none()
    if earlier and not earlier.withdrawn_at and _words(earlier) == words:
        return int(earlier.id)
    case = handling.read_as_shown(connection, step)
    latest = sa.select(sa.func.max(messages.c.id)).where(messages.c.case_id == step.number)
    if earlier or connection.scalar(latest) != sending.latest_message:
        raise Changed
    before, visible_at = _first_visible(connection, case.number), step.now + sending.hold
    values = key | _columns(words) | {"account_id": step.account_id}
    values |= {"written_at": step.now, "visible_at": visible_at}
    insert = sa.insert(answers).values(values).returning(answers.c.id)
    answer_id: int = connection.execute(insert).scalar_one()
    _count_first(connection, case, before)
    officer_id = case.officer_id or step.account_id
    state = _state_after(words.asks)
    handling.change(connection, step, case, SEND, state, str(answer_id), officer_id=officer_id)
    if case.email and sending.is_announced:
        letter = NewLetter(
            "answered", case.email, case.language, case.number, answer_id, visible_at
        )
        outbox.queue(connection, [letter], step.now)
    draft = _has(drafts, key | {"account_id": step.account_id})
    is_own = drafts.c.saved_at == sending.base
    connection.execute(sa.delete(drafts).where(draft, is_own))
    connection.execute(sa.update(drafts).where(draft).values(form_key=new_key()))
    return answer_id


def take_back(connection: sa.Connection, answer_id: int, account_id: int, now: datetime) -> None:
    """Take back an answer in its hold; its words become a draft again.

    The case is as before the answer, unless somebody has changed it or answered it since.

    Args:
        connection: in the writer's transaction.
        answer_id: the id of the answer.
        account_id: the account of its author.
        now: the current time.

    Raises:
        TooLate: when the hold is over, or the answer is not this person's.
    """
    query = sa.select(answers).where(answers.c.id == answer_id, answers.c.account_id == account_id)
    answer = connection.execute(query).one_or_none()
    if answer is None or answer.visible_at <= now:
        raise TooLate
    if answer.withdrawn_at:
        return
    case = case_numbered(connection, answer.case_id)
    before = _first_visible(connection, case.number)
    withdrawal = sa.update(answers).where(answers.c.id == answer_id)
    connection.execute(withdrawal.values(withdrawn_at=now))
    _count_first(connection, case, before)
    outbox.withdraw(connection, answer_id)
    if case.state == _state_after(answer.asks) and not connection.scalar(
        sa.select(sa.exists().where(answers.c.id > answer_id, _stands_in(case.number)))
    ):
        detail = _case_before(connection, case.number, answer_id)
        became_officer = detail["officer"] == "0" and case.officer_id == account_id
        officer_id, state = None if became_officer else case.officer_id, detail["state"]
        if state in OPEN_STATES:
            state = "taken" if officer_id else "new"
        since = handling.former_since(detail)
        change_state(connection, case, state, now, since, officer_id=officer_id)
    history.record(connection, account_id, case.number, TAKE_BACK, f"answer={answer_id}", now)
    save_draft(connection, case.number, account_id, Draft(new_key(), _words(answer), now))


def save_draft(
    connection: sa.Connection,
    case_id: int,
    account_id: int,
    draft: Draft,
    base: datetime | None = None,
) -> Draft:
    """Save a draft in place of the one that its form saved before; remove one without words.

    If another window has saved this form since, or the form has already been sent, the draft
    gets a new key instead, so that nothing is overwritten.

    Args:
        connection: in the writer's transaction.
        case_id: the case that it is written for.
        account_id: who writes it.
        draft: what is saved.
        base: when the draft that the form was opened with was saved; None for a new form.

    Returns:
        the draft as it is stored, or would be if it had words. If the words are unchanged, it
        keeps its time.
    """
    words = draft.words
    key = {"case_id": case_id, "account_id": account_id, "form_key": draft.form_key}
    stored = connection.execute(_DRAFTS.where(_has(drafts, key))).one_or_none()
    sent = sa.select(answers.c.id).where(
        answers.c.case_id == case_id, answers.c.form_key == draft.form_key
    )
    if stored and _words(stored) == words:
        return replace(draft, saved_at=stored.saved_at)
    if (stored and stored.saved_at != base) or connection.execute(sent).first():
        key["form_key"] = new_key()
    connection.execute(sa.delete(drafts).where(_has(drafts, key)))
    if words.swedish.strip() or words.translated.strip():
        values = key | _columns(words) | {"saved_at": draft.saved_at}
        connection.execute(sa.insert(drafts).values(values))
    return replace(draft, form_key=str(key["form_key"]))


def new_key() -> str:
    """A key for a form that was not saved yet."""
    return secrets.token_urlsafe(12)


def discard(connection: sa.Connection, case_id: int, account_id: int, form_key: str) -> None:
    """Remove a draft of one's own."""
    key = {"case_id": case_id, "account_id": account_id, "form_key": form_key}
    connection.execute(sa.delete(drafts).where(_has(drafts, key)))


def visible_answers(connection: sa.Connection, number: int, now: datetime) -> Sequence[Answer]:
    """The answers of a case that the guardian can see, in order.

    Args:
        connection: to read with.
        number: of the case.
        now: decides whether the hold of an answer is over.
    """
    query = (
        sa.select(*(answers.c[name] for name in Answer.__annotations__))
        .where(_stands_in(number), answers.c.visible_at <= now)
        .order_by(answers.c.visible_at, answers.c.id)
    )
    return [Answer(**row) for row in connection.execute(query).mappings()]


def answers_of(connection: sa.Connection, number: int) -> Sequence[StaffAnswer]:
    """All answers of a case except those that were taken back, in order."""
    names = (*Answer.__annotations__, "account_id", "asks")
    query = (
        sa.select(*(answers.c[name] for name in names), accounts.c.full_name)
        .join(accounts, answers.c.account_id == accounts.c.id)
        .where(_stands_in(number))
        .order_by(answers.c.visible_at, answers.c.id)
    )
    return [StaffAnswer(**row) for row in connection.execute(query).mappings()]


def drafts_of(connection: sa.Connection, case_id: int, account_id: int) -> Sequence[Draft]:
    """A person's drafts in a case, the newest first."""
    rows = connection.execute(
        _DRAFTS.where(_has(drafts, {"case_id": case_id, "account_id": account_id}))
    )
    return [Draft(row.form_key, _words(row), row.saved_at) for row in rows]


def other_authors(connection: sa.Connection, case_id: int, account_id: int) -> Sequence[str]:
    """The names of the others who have a draft in a case."""
    query = (
        sa.select(accounts.c.full_name)
        .join(drafts, drafts.c.account_id == accounts.c.id)
        .where(drafts.c.case_id == case_id, drafts.c.account_id != account_id)
        .distinct()
        .order_by(accounts.c.full_name)
    )
    return connection.execute(query).scalars().all()


def _count_first(connection: sa.Connection, case: Case, before: datetime | None) -> None:
    """Change the figures if a case has another first answer than before, or its first."""
    changes: Counter[Figure] = Counter()
    for moment, number in ((before, -1), (_first_visible(connection, case.number), 1)):
        if moment:
            figure = figures.first_answer(case.opened_at, moment, case.language, case.kind)
            changes[figure] += number
    figures.add(connection, changes)


def _first_visible(connection: sa.Connection, number: int) -> datetime | None:
    """When the guardian can see the first answer of a case."""
    moment: datetime | None = connection.scalar(_FIRST_VISIBLE, {"number": number})
    return moment


def _case_before(connection: sa.Connection, case_id: int, answer_id: int) -> dict[str, str]:
    """The case before an answer, and before the withdrawn answers that directly precede it.

    Returns:
        as ``handling.detail_of`` gives it.
    """
    taken_back = answers.c.withdrawn_at.is_not(None) & (answers.c.case_id == case_id)
    withdrawn = {str(id) for id in connection.scalars(sa.select(answers.c.id).where(taken_back))}
    details = map(handling.detail_of, connection.scalars(_SENDINGS, {"case_id": case_id}))
    earlier = dropwhile(lambda detail: detail["reason"] != str(answer_id), details)
    before = next(earlier)
    for detail in earlier:
        if before["state"] not in {"answered", "waiting"} or detail["reason"] not in withdrawn:
            break
        before = detail
    return before


def _state_after(asks: bool) -> str:
    """The state of a case after an answer."""
    return "waiting" if asks else "answered"


def _stands_in(number: int | sa.BindParameter[int]) -> sa.ColumnElement[bool]:
    """Whether an answer is one of a case and was not taken back."""
    return sa.and_(answers.c.case_id == number, answers.c.withdrawn_at.is_(None))


def _words(row: sa.Row[Any]) -> Words:
    return Words(row.swedish, row.translated, row.language, bool(row.asks))


def _columns(words: Words) -> dict[str, Any]:
    return {**vars(words), "asks": int(words.asks)}


def _has(table: sa.Table, values: Mapping[str, object]) -> sa.ColumnElement[bool]:
    return sa.and_(*(table.c[name] == value for name, value in values.items()))


_DRAFTS = sa.select(drafts).order_by(drafts.c.saved_at.desc(), drafts.c.form_key)
_FIRST_VISIBLE = sa.select(
    sa.func.min(answers.c.visible_at, type_=Moment()),
).where(_stands_in(sa.bindparam("number")))
_SENDINGS = (
    sa.select(tables.history.c.detail)
    .where(tables.history.c.case_id == sa.bindparam("case_id"), tables.history.c.action == SEND)
    .order_by(tables.history.c.id.desc())
)
