"""Notes, renderings and links stay among staff; on both databases."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from portal.cases import history, messages, notes
from portal.cases.notes import Author, NoSuchCase, NoSuchMessage
from portal.storage.database import Database
from tests.unit.cases.desk import NOON, hire, receive


async def write(database: Database, job: Callable[[sa.Connection], None]) -> None:
    await database.write(job)


async def message_id(database: Database, number: int) -> int:
    return await database.read(lambda c: messages.messages_of(c, number)[0].id)


async def test_notes_have_an_author_and_a_moment_and_stand_in_order(database: Database) -> None:
    number, anna = await receive(database), await hire(database, "anna")
    for minute, text in enumerate(("Ringt skolan", "Rektorn svarar i morgon")):
        author = Author(number, anna, NOON + timedelta(minutes=minute))
        await write(database, lambda c, a=author, t=text: notes.add_note(c, a, t))  # type: ignore[misc]
    written = await database.read(lambda c: notes.notes_of(c, number))
    assert [(note.text, note.full_name) for note in written] == [
        ("Ringt skolan", "Anna"),
        ("Rektorn svarar i morgon", "Anna"),
    ]
    assert written[1].written_at == NOON + timedelta(minutes=1)


async def test_a_note_or_rendering_that_is_sent_twice_is_kept_once(database: Database) -> None:
    number, author = await case_and_author(database)
    message = await message_id(database, number)
    for _ in range(2):
        await write(database, lambda c: notes.add_note(c, author, "Ringt skolan"))
        await write(database, lambda c: notes.render(c, author, message, "Hej"))
    assert await database.read(lambda c: len(notes.notes_of(c, number))) == 1
    assert await database.read(lambda c: len(notes.renderings_of(c, number))) == 1


async def test_a_rendering_is_named_and_dated_and_leaves_the_message_as_it_is(
    database: Database,
) -> None:
    number, author = await case_and_author(database)
    message = await message_id(database, number)
    await write(database, lambda c: notes.render(c, author, message, "Min fråga gäller skolan."))
    (rendering,) = await database.read(lambda c: notes.renderings_of(c, number))
    (stored,) = await database.read(lambda c: messages.messages_of(c, number))
    assert (rendering.message_id, rendering.full_name, rendering.written_at) == (
        message,
        "Anna",
        NOON,
    )
    assert stored.text == "Hej"


async def test_only_messages_of_the_case_can_be_rendered_or_corrected(database: Database) -> None:
    _, author = await case_and_author(database)
    other = await message_id(database, await receive(database, "Ett annat"))
    with pytest.raises(NoSuchMessage):
        await write(database, lambda c: notes.render(c, author, other, "Hej"))
    with pytest.raises(NoSuchMessage):
        await write(database, lambda c: notes.correct_language(c, author, other, "so"))


async def test_the_language_of_a_text_is_corrected_and_the_page_keeps_its_own(
    database: Database,
) -> None:
    number, author = await case_and_author(database)
    message = await message_id(database, number)
    await write(database, lambda c: notes.correct_language(c, author, message, "so"))
    (stored,) = await database.read(lambda c: messages.messages_of(c, number))
    assert (stored.language, stored.text_language) == ("sv", "so")


async def test_a_link_is_seen_from_both_cases_and_can_be_removed_from_either(
    database: Database,
) -> None:
    number, author = await case_and_author(database)
    other = await receive(database, "Ett annat")
    for _ in range(2):
        await write(database, lambda c: notes.link(c, author, other))
    back = author._replace(case_id=other)
    await write(database, lambda c: notes.link(c, back, number))
    for end, other_end in ((number, other), (other, number)):
        links = await database.read(partial(notes.links_of, case_id=end))
        assert [link.number for link in links] == [other_end]
    await write(database, lambda c: notes.unlink(c, back, number))
    assert await database.read(lambda c: notes.links_of(c, number)) == []
    actions = await database.read(lambda c: [entry.action for entry in history.of_case(c, other)])
    assert actions == ["link", "unlink"]


async def test_a_case_is_not_linked_with_itself_or_with_none(database: Database) -> None:
    number, author = await case_and_author(database)
    for other in (number, 4711, None):
        with pytest.raises(NoSuchCase):
            await write(database, lambda c, o=other: notes.link(c, author, o))  # type: ignore[misc]


async def test_the_history_has_no_text_of_a_note_or_rendering(database: Database) -> None:
    number, author = await case_and_author(database)
    message = await message_id(database, number)
    await write(database, lambda c: notes.add_note(c, author, "hemlighet"))
    await write(database, lambda c: notes.render(c, author, message, "hemlighet"))
    entries = await database.read(lambda c: history.of_case(c, number))
    assert [entry.action for entry in entries] == ["note", "rendering"]
    assert not any("hemlighet" in entry.detail for entry in entries)


async def case_and_author(database: Database) -> tuple[int, Author]:
    """A case, and somebody who writes about it."""
    number, account_id = await receive(database), await hire(database, "anna")
    return number, Author(number, account_id, NOON)
