"""What staff write for each other about a case: notes, renderings, links, languages.

The guardian cannot see notes, renderings or links: no query for the guardian's page reads
their tables (``thread``). A corrected language is stored with the message; the guardian's page
uses it for ``lang``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from portal.cases import history, references
from portal.storage.tables import accounts, case_links, cases, messages, notes, renderings

NOTE_LIMIT = 5000
"""The longest note or rendering, in characters."""


class NoSuchCase(Exception):
    """There is no other case with the number that should be linked."""


class NoSuchMessage(Exception):
    """The case has no such message."""


class Author(NamedTuple):
    """A colleague who writes something about a case."""

    case_id: int
    account_id: int
    now: datetime


@dataclass(frozen=True)
class Note:
    """A note of a case, for staff only."""

    id: int
    written_at: datetime
    full_name: str
    """The name of its author."""
    text: str


@dataclass(frozen=True)
class Rendering(Note):
    """A message in Swedish, by a colleague who reads its language."""

    message_id: int


class Link(NamedTuple):
    """A case that is linked with another."""

    number: int
    state: str
    opened_at: datetime

    @property
    def reference(self) -> str:
        """Its number, as people say and type it."""
        return references.reference(self.number)


def add_note(connection: sa.Connection, author: Author, text: str) -> None:
    """Add a note, in the writer's transaction, unless it repeats the note before it."""
    values = {"case_id": author.case_id, "account_id": author.account_id, "text": text}
    last = sa.select(notes).where(notes.c.case_id == author.case_id).order_by(notes.c.id.desc())
    stored = connection.execute(last.limit(1)).one_or_none()
    if stored and (stored.account_id, stored.text) == (author.account_id, text):
        return
    connection.execute(sa.insert(notes).values(**values, written_at=author.now))
    history.record(connection, author.account_id, author.case_id, "note", "", author.now)


def render(connection: sa.Connection, author: Author, message_id: int, text: str) -> None:
    """Add a Swedish rendering of a message; earlier ones stay.

    Args:
        connection: in the writer's transaction.
        author: a colleague who reads the language of the message.
        message_id: of the message.
        text: in Swedish.

    Raises:
        NoSuchMessage: when the case has no such message.
    """
    _find_message(connection, author, message_id)
    last = (
        sa.select(renderings)
        .where(renderings.c.message_id == message_id)
        .order_by(renderings.c.id.desc())
        .limit(1)
    )
    stored = connection.execute(last).one_or_none()
    if stored and (stored.account_id, stored.text) == (author.account_id, text):
        return
    values = {"message_id": message_id, "account_id": author.account_id, "text": text}
    connection.execute(sa.insert(renderings).values(**values, written_at=author.now))
    detail = f"message={message_id}"
    history.record(connection, author.account_id, author.case_id, "rendering", detail, author.now)


def correct_language(
    connection: sa.Connection, author: Author, message_id: int, language: str | None
) -> None:
    """Store in which language a message is written, if it is not that of its page.

    Args:
        connection: in the writer's transaction.
        author: the colleague who corrects it.
        message_id: of the message.
        language: a tag; None for the language of its page.

    Raises:
        NoSuchMessage: when the case has no such message.
    """
    message = _find_message(connection, author, message_id)
    if message.text_language != language:
        correction = sa.update(messages).where(messages.c.id == message_id)
        connection.execute(correction.values(text_language=language))
        detail = f"message={message_id} language={language or ''}"
        history.record(
            connection, author.account_id, author.case_id, "language", detail, author.now
        )


def link(connection: sa.Connection, author: Author, other: int | None) -> None:
    """Link a case with another. Nothing is moved between them, and the link can be removed.

    Args:
        connection: in the writer's transaction.
        author: the colleague who links them, and the case.
        other: the number of the other case.

    Raises:
        NoSuchCase: when there is no other case of that number.
    """
    exists = sa.select(cases.c.id).where(cases.c.id == other)
    if other in {None, author.case_id} or connection.execute(exists).first() is None:
        raise NoSuchCase
    if connection.execute(sa.select(case_links).where(_is_between(author.case_id, other))).first():
        return
    values = {"case_id": author.case_id, "other_id": other, "account_id": author.account_id}
    connection.execute(sa.insert(case_links).values(**values, linked_at=author.now))
    _record_link(connection, author, "link", other)


def unlink(connection: sa.Connection, author: Author, other: int | None) -> None:
    """Remove the link between two cases."""
    removal = sa.delete(case_links).where(_is_between(author.case_id, other))
    if connection.execute(removal).rowcount:
        _record_link(connection, author, "unlink", other)


def notes_of(connection: sa.Connection, case_id: int) -> Sequence[Note]:
    """The notes of a case, in the order in which they were written."""
    query = (
        sa.select(*notes.c["id", "written_at", "text"], accounts.c.full_name)
        .join(accounts, notes.c.account_id == accounts.c.id)
        .where(notes.c.case_id == case_id)
        .order_by(notes.c.id)
    )
    return [Note(**row) for row in connection.execute(query).mappings()]


def renderings_of(connection: sa.Connection, case_id: int) -> Sequence[Rendering]:
    """The renderings of the messages of a case, in the order in which they were written."""
    query = (
        sa.select(*renderings.c["id", "message_id", "written_at", "text"], accounts.c.full_name)
        .join(accounts, renderings.c.account_id == accounts.c.id)
        .join(messages, renderings.c.message_id == messages.c.id)
        .where(messages.c.case_id == case_id)
        .order_by(renderings.c.id)
    )
    return [Rendering(**row) for row in connection.execute(query).mappings()]


def links_of(connection: sa.Connection, case_id: int) -> Sequence[Link]:
    """The cases that are linked with a case, whichever of the two was linked first."""
    others = sa.union(
        sa.select(case_links.c.other_id).where(case_links.c.case_id == case_id),
        sa.select(case_links.c.case_id).where(case_links.c.other_id == case_id),
    )
    query = sa.select(*cases.c["id", "state", "opened_at"]).where(cases.c.id.in_(others))
    return [Link(*row) for row in connection.execute(query.order_by(cases.c.id))]


def _record_link(connection: sa.Connection, author: Author, action: str, other: int | None) -> None:
    """Write to the histories of both cases that they were linked or unlinked."""
    for number, linked in ((author.case_id, other), (other, author.case_id)):
        detail = f"case={linked}"
        history.record(connection, author.account_id, number, action, detail, author.now)


def _find_message(
    connection: sa.Connection, author: Author, message_id: int
) -> "sa.Row[tuple[str | None]]":
    query = sa.select(messages.c.text_language).where(
        messages.c.id == message_id, messages.c.case_id == author.case_id
    )
    if (message := connection.execute(query).one_or_none()) is None:
        raise NoSuchMessage
    return message


def _is_between(number: int, other: int | None) -> sa.ColumnElement[bool]:
    """Whether a link is between two cases, in either direction."""
    ours, theirs = case_links.c["case_id", "other_id"]
    return sa.or_(
        sa.and_(ours == number, theirs == other), sa.and_(ours == other, theirs == number)
    )
