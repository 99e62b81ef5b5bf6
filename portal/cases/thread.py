"""A case as its guardian sees it: found by its secrets, and read.

A case is found by its address, or by its reference and code. The guardian may read its messages
and answers. Notes, drafts and renderings are for staff, and no query here reads their tables.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

import sqlalchemy as sa

from portal.cases import messages, outbox, references
from portal.cases.addresses import code_opens, opens
from portal.cases.answers import Answer, visible_answers
from portal.cases.messages import Case, Message
from portal.content.characters import with_pictures
from portal.i18n.languages import SOURCE, language
from portal.storage import attempts
from portal.storage.database import Database
from portal.storage.limits import RateLimited
from portal.storage.tables import Moment, answers

TRIES, TRIES_PER_CASE = 20, 5
"""Wrong pairs that a sender may try in an hour without a wait: in total, and with one reference."""
NO_CASE = (0, 0)
"""A number and version that no case has. A code is computed for it, so that the time does not
reveal whether a reference exists."""


class Passage(NamedTuple):
    """A text with the language and direction that its element states."""

    language: str
    direction: str
    text: str


@dataclass(frozen=True)
class ThreadEntry:
    """What was written at one time: a message, or an answer in one language or two."""

    written_at: datetime
    is_answer: bool
    passages: tuple[Passage, ...]

    @classmethod
    def of_message(cls, message: Message) -> Self:
        """A message; each of its paragraphs has the direction of its own first letter."""
        tag = message.text_language or message.language
        return cls(message.received_at, False, (Passage(tag, "auto", with_pictures(message.text)),))

    @classmethod
    def of_answer(cls, answer: Answer) -> Self:
        """An answer at the end of its hold; the words in the guardian's language come first."""
        texts = ((answer.language, answer.translated), (SOURCE, answer.swedish))
        passages = (Passage(tag, language(tag).direction, text) for tag, text in texts if text)
        return cls(answer.visible_at, True, tuple(passages))


@dataclass(frozen=True)
class Thread:
    """A case and all that its guardian may read in it."""

    case: Case
    entries: Sequence[ThreadEntry]
    """In the order in which they became readable."""
    has_held_answer: bool = False
    """Whether an answer is in its hold."""
    is_undelivered: bool = False
    """Whether a letter to the guardian could not be delivered."""

    @property
    def standing(self) -> str:
        """The state that the guardian is shown: ``taken`` while an answer is in its hold."""
        announces_answer = self.case.state in {"answered", "waiting"}
        return "taken" if announces_answer and self.has_held_answer else self.case.state


def find_thread(
    connection: sa.Connection, address: str, secret_keys: Iterable[bytes], now: datetime
) -> Thread | None:
    """The case of an address, with all that its guardian may read now.

    Args:
        connection: to read with.
        address: made with any of the keys, or from before there were keys.
        secret_keys: the current one and the former ones.
        now: decides which answers are past their hold.
    """
    case = _find_by_address(connection, address, secret_keys)
    return _read_thread(connection, case, now) if case else None


def _read_thread(connection: sa.Connection, case: Case, now: datetime) -> Thread:
    entries = [
        *map(ThreadEntry.of_message, messages.messages_of(connection, case.number)),
        *map(ThreadEntry.of_answer, visible_answers(connection, case.number, now)),
    ]
    entries.sort(key=lambda entry: entry.written_at)
    held = connection.execute(_HELD, {"number": case.number, "now": now})
    is_undelivered = bool(case.email and outbox.failed_to_guardian(connection, case.number))
    return Thread(case, entries, held.first() is not None, is_undelivered)


def _find_by_address(
    connection: sa.Connection, address: str, secret_keys: Iterable[bytes]
) -> Case | None:
    reference, _, key = address.partition("-")
    case = messages.find_case(connection, references.number(reference))
    if case and opens(key, secret_keys, case.number, case.address_version):
        return case
    return messages.find_by_former_address(connection, address)


async def find_by_code(
    database: Database, reference: str, code: str, secret_keys: Sequence[bytes], sender: int
) -> Case | None:
    """The case of a reference and a code as people type them.

    Every wrong pair costs the same: one query, one code for each secret key, and one write. A
    sender who has tried often must wait; tries are counted by sender, and by sender and case, so
    no stranger can lock a case.

    Args:
        database: where cases and attempts are stored.
        reference, code: as they were typed.
        secret_keys: the current one first.
        sender: as ``limits.sender_number`` gives it.

    Returns:
        None if they do not belong to the same case.

    Raises:
        RateLimited: when the sender must wait.
        Unavailable: when the database cannot be used.
    """
    number = references.number(reference) or NO_CASE[0]
    case = await database.read(lambda c: messages.find_case(c, number))
    numbers = (case.number, case.address_version) if case else NO_CASE
    fits = code_opens(code, secret_keys, *numbers) and case is not None
    now = datetime.now(UTC)
    allowed = {
        attempts.subject(secret_keys[0], "case", sender): TRIES,
        attempts.subject(secret_keys[0], "case", sender, number): TRIES_PER_CASE,
    }

    def count(connection: sa.Connection) -> timedelta:
        wait = attempts.wait(connection, allowed, now)
        if not wait and not fits:
            attempts.record(connection, allowed, now)
        return wait

    if wait := await database.write(count):
        raise RateLimited(math.ceil(wait / timedelta(minutes=1)))
    return case if fits else None


_HELD = (
    sa.select(answers.c.id)
    .where(
        answers.c.case_id == sa.bindparam("number"),
        answers.c.withdrawn_at.is_(None),
        answers.c.visible_at > sa.bindparam("now", type_=Moment),
    )
    .limit(1)
)
