"""An answer is kept while it is written, sent once, and held for a moment; on both databases."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from portal.cases import answers, figures, handling, history, messages
from portal.cases.answers import Answer, Draft, Sending, StaffAnswer, TooLate, Words
from portal.cases.handling import Changed, Step
from portal.storage import tables
from portal.storage.database import Database
from tests.unit.cases.desk import NOON, find, hire, receive, step, write_more

HOLD = timedelta(seconds=15)
WORDS = Words("Hej! Vi återkommer.", "مرحبًا! سنعود إليكم.", "ar")
QUESTION = Words("Vilken skola?", "أي مدرسة؟", "ar", asks=True)


async def sending(
    database: Database,
    number: int,
    account_id: int,
    words: Words = WORDS,
    form_key: str = "key",
    base: datetime | None = None,
) -> Sending:
    """An answer by somebody who sees the case as it is now."""
    case = await find(database, number)
    latest = await database.read(lambda c: messages.messages_of(c, number)[-1].id)
    return Sending(
        step=Step(number, case.revision, account_id, NOON),
        latest_message=latest,
        form_key=form_key,
        base=base,
        words=words,
        hold=HOLD,
        is_announced=True,
    )


async def send(database: Database, answer: Sending) -> int:
    return await database.write(lambda c: answers.send(c, answer))


async def take_back(database: Database, answer_id: int, account_id: int, now: datetime) -> None:
    await database.write(lambda c: answers.take_back(c, answer_id, account_id, now))


async def save(
    database: Database, number: int, account_id: int, draft: Draft, base: datetime | None = None
) -> Draft:
    return await database.write(lambda c: answers.save_draft(c, number, account_id, draft, base))


async def drafts(database: Database, number: int, account_id: int) -> list[Draft]:
    return await database.read(lambda c: [*answers.drafts_of(c, number, account_id)])


async def visible(database: Database, number: int, now: datetime) -> list[Answer]:
    return await database.read(lambda c: [*answers.visible_answers(c, number, now)])


async def of_staff(database: Database, number: int) -> list[StaffAnswer]:
    return await database.read(lambda c: [*answers.answers_of(c, number)])


async def letters(database: Database) -> list[sa.Row[tuple[object, ...]]]:
    query = sa.select(tables.letters).where(tables.letters.c.kind == "answered")
    return await database.read(lambda c: [*c.execute(query).all()])


async def figures_are_true(database: Database) -> bool:
    return await database.write(figures.differences) == []


async def test_an_answer_is_visible_after_its_hold_and_the_case_is_its_authors(
    database: Database,
) -> None:
    number, anna = await receive(database, language="ar"), await hire(database, "anna")
    await send(database, await sending(database, number, anna))
    assert await visible(database, number, NOON + HOLD - timedelta(seconds=1)) == []
    (answer,) = await visible(database, number, NOON + HOLD)
    assert (answer.swedish, answer.translated, answer.language) == (
        WORDS.swedish,
        WORDS.translated,
        "ar",
    )
    case = await find(database, number)
    assert (case.state, case.officer_id) == ("answered", anna)
    assert await figures_are_true(database)


async def test_an_answer_that_asks_lets_the_case_wait_for_the_guardian(database: Database) -> None:
    number, anna = await receive(database), await hire(database, "anna")
    await send(database, await sending(database, number, anna, QUESTION))
    assert (await find(database, number)).state == "waiting"
    await write_more(database, number, "Bergsjöskolan", NOON + timedelta(hours=1))
    assert (await find(database, number)).state == "taken"
    assert await figures_are_true(database)


async def test_an_answer_to_a_colleagues_case_leaves_it_theirs(database: Database) -> None:
    number = await receive(database)
    anna, bo = await hire(database, "anna"), await hire(database, "bo")
    await step(database, number, bo, handling.take)
    await send(database, await sending(database, number, anna))
    assert (await find(database, number)).officer_id == bo


async def test_an_answer_that_is_sent_twice_is_stored_once(database: Database) -> None:
    number, anna = await receive(database, email="a@example.org"), await hire(database, "anna")
    answer = await sending(database, number, anna)
    assert await send(database, answer) == await send(database, answer)
    assert len(await of_staff(database, number)) == len(await letters(database)) == 1


async def test_other_words_with_the_key_of_an_answer_are_not_lost_in_it(
    database: Database,
) -> None:
    number, anna = await receive(database), await hire(database, "anna")
    await send(database, await sending(database, number, anna))
    with pytest.raises(Changed):
        await send(database, await sending(database, number, anna, Words("Något annat")))


async def test_the_letter_is_in_the_language_of_the_case_and_waits_for_the_hold(
    database: Database,
) -> None:
    number = await receive(database, language="ar", email="a@example.org")
    anna = await hire(database, "anna")
    answer_id = await send(database, await sending(database, number, anna, Words("Hej")))
    (letter,) = await letters(database)
    assert (letter.language, letter.recipient, letter.answer_id) == (
        "ar",
        "a@example.org",
        answer_id,
    )
    assert letter.not_before == NOON + HOLD


async def test_the_recipient_of_a_letter_is_fixed_when_the_answer_is_sent(
    database: Database,
) -> None:
    number, anna = await receive(database, email="a@example.org"), await hire(database, "anna")
    await send(database, await sending(database, number, anna))
    change = sa.update(tables.cases).values(email="b@example.org")
    await database.write(lambda c: c.execute(change))
    assert [letter.recipient for letter in await letters(database)] == ["a@example.org"]


async def test_no_letter_is_queued_without_an_address_or_without_a_mail_server(
    database: Database,
) -> None:
    without_address, anna = await receive(database), await hire(database, "anna")
    await send(database, await sending(database, without_address, anna))
    number = await receive(database, email="a@example.org")
    answer = await sending(database, number, anna)
    await send(database, answer._replace(is_announced=False))
    assert await letters(database) == []


@pytest.mark.parametrize("words", [WORDS, QUESTION])
async def test_an_answer_that_is_taken_back_was_never_there(
    database: Database, words: Words
) -> None:
    number, anna = await receive(database, email="a@example.org"), await hire(database, "anna")
    await step(database, number, anna, handling.take)
    before = await find(database, number)
    answer_id = await send(database, await sending(database, number, anna, words))
    await take_back(database, answer_id, anna, NOON + HOLD / 2)
    assert await visible(database, number, NOON + HOLD) == []
    assert await letters(database) == await of_staff(database, number) == []
    after = await find(database, number)
    assert (after.state, after.since) == ("taken", before.since)
    assert [draft.words for draft in await drafts(database, number, anna)] == [words]
    assert await figures_are_true(database)


async def test_the_first_answer_is_counted_once_whichever_is_taken_back(
    database: Database,
) -> None:
    number, anna = await receive(database), await hire(database, "anna")
    first = await send(database, await sending(database, number, anna))
    await send(database, await sending(database, number, anna, QUESTION, "second"))
    assert await figures_are_true(database)
    await take_back(database, first, anna, NOON)
    assert await figures_are_true(database)
    assert (await find(database, number)).state == "waiting"


async def test_an_answer_is_fixed_after_its_hold_and_for_everybody_else(
    database: Database,
) -> None:
    number = await receive(database)
    anna, bo = await hire(database, "anna"), await hire(database, "bo")
    answer_id = await send(database, await sending(database, number, anna))
    with pytest.raises(TooLate):
        await take_back(database, answer_id, anna, NOON + HOLD)
    with pytest.raises(TooLate):
        await take_back(database, answer_id, bo, NOON)
    (answer,) = await of_staff(database, number)
    assert answer.can_be_taken_back(anna, NOON)
    assert not answer.can_be_taken_back(bo, NOON)
    assert not answer.can_be_taken_back(anna, NOON + HOLD)


async def test_taking_back_twice_gives_one_draft(database: Database) -> None:
    number, anna = await receive(database), await hire(database, "anna")
    answer_id = await send(database, await sending(database, number, anna))
    for _ in range(2):
        await take_back(database, answer_id, anna, NOON)
    assert len(await drafts(database, number, anna)) == 1


async def test_an_answer_that_was_taken_back_can_be_sent_again(database: Database) -> None:
    number, anna = await receive(database), await hire(database, "anna")
    answer = await sending(database, number, anna)
    await take_back(database, await send(database, answer), anna, NOON)
    with pytest.raises(Changed):  # the same form, as the browser still has it
        await send(database, answer)
    (draft,) = await drafts(database, number, anna)
    again = await sending(database, number, anna, form_key=draft.form_key, base=draft.saved_at)
    await send(database, again)
    assert [shown.swedish for shown in await visible(database, number, NOON + HOLD)] == [
        WORDS.swedish
    ]


async def test_a_case_stays_answered_while_one_of_its_answers_stands(database: Database) -> None:
    number, anna = await receive(database), await hire(database, "anna")
    before = await find(database, number)
    first = await send(database, await sending(database, number, anna))
    second = await send(database, await sending(database, number, anna, form_key="second"))
    await take_back(database, first, anna, NOON)
    assert (await find(database, number)).state == "answered"
    await take_back(database, second, anna, NOON)
    after = await find(database, number)
    assert (after.state, after.since, after.officer_id) == ("new", before.since, None)
    assert await figures_are_true(database)


async def test_what_a_colleague_did_in_the_hold_stays(database: Database) -> None:
    number = await receive(database)
    anna, bo = await hire(database, "anna"), await hire(database, "bo")
    answer_id = await send(database, await sending(database, number, anna))
    await step(database, number, bo, handling.take)
    await take_back(database, answer_id, anna, NOON)
    case = await find(database, number)
    assert (case.state, case.officer_id) == ("taken", bo)
    answer_id = await send(database, await sending(database, number, anna, form_key="second"))
    await step(database, number, bo, handling.close)
    await take_back(database, answer_id, anna, NOON)
    assert (await find(database, number)).state == "closed"


async def test_nothing_is_sent_when_the_case_was_changed_since_it_was_shown(
    database: Database,
) -> None:
    number = await receive(database)
    anna, bo = await hire(database, "anna"), await hire(database, "bo")
    answer = await sending(database, number, anna)
    await step(database, number, bo, handling.take)
    with pytest.raises(Changed):
        await send(database, answer)
    assert await of_staff(database, number) == []


async def test_nothing_is_sent_when_the_guardian_wrote_more_since(database: Database) -> None:
    number, anna = await receive(database), await hire(database, "anna")
    answer = await sending(database, number, anna)
    await write_more(database, number, "Jag menade den andra skolan")
    with pytest.raises(Changed):
        await send(database, answer)


async def test_a_draft_is_removed_by_sending_it_and_by_nobody_elses_action(
    database: Database,
) -> None:
    number = await receive(database)
    anna, bo = await hire(database, "anna"), await hire(database, "bo")
    draft = Draft("annas", WORDS, NOON)
    await save(database, number, anna, draft)
    await save(database, number, bo, Draft("bos", QUESTION, NOON))
    for take_step in (handling.take, handling.give_back, handling.close, handling.reopen):
        await step(database, number, bo, take_step)
    await send(database, await sending(database, number, bo, QUESTION, "bos", NOON))
    await write_more(database, number, "Mer")
    assert await drafts(database, number, anna) == [draft]
    assert await drafts(database, number, bo) == []
    await send(database, await sending(database, number, anna, WORDS, "annas", NOON))
    assert await drafts(database, number, anna) == []


async def test_a_draft_that_was_saved_in_another_window_is_not_overwritten(
    database: Database,
) -> None:
    number, anna = await receive(database), await hire(database, "anna")
    later = NOON + timedelta(minutes=1)
    await save(database, number, anna, Draft("key", Words("Först"), NOON))
    await save(database, number, anna, Draft("key", Words("Sedan"), later), base=NOON)
    saved = await save(database, number, anna, Draft("key", Words("Annat"), NOON), base=NOON)
    assert saved.form_key != "key"
    assert [draft.words.swedish for draft in await drafts(database, number, anna)] == [
        "Sedan",
        "Annat",
    ]


async def test_what_another_window_saved_stays_when_the_answer_is_sent(
    database: Database,
) -> None:
    number, anna = await receive(database), await hire(database, "anna")
    later = NOON + timedelta(minutes=1)
    await save(database, number, anna, Draft("key", Words("Först"), NOON))
    await save(database, number, anna, Draft("key", Words("Sedan"), later), base=NOON)
    await send(database, await sending(database, number, anna, Words("Först"), "key", NOON))
    (draft,) = await drafts(database, number, anna)
    assert draft == Draft(draft.form_key, Words("Sedan"), later)
    assert draft.form_key != "key"


async def test_a_draft_with_the_same_words_stays_as_it_was_saved(database: Database) -> None:
    number, anna = await receive(database), await hire(database, "anna")
    draft = Draft("key", WORDS, NOON)
    await save(database, number, anna, draft)
    later = Draft("key", WORDS, NOON + timedelta(minutes=1))
    assert await save(database, number, anna, later, base=NOON) == draft


async def test_a_draft_without_words_is_removed(database: Database) -> None:
    number, anna = await receive(database), await hire(database, "anna")
    await save(database, number, anna, Draft("key", WORDS, NOON))
    await save(database, number, anna, Draft("key", Words(" \n"), NOON), base=NOON)
    assert await drafts(database, number, anna) == []


async def test_others_are_told_who_writes(database: Database) -> None:
    number = await receive(database)
    anna, bo = await hire(database, "anna"), await hire(database, "bo")
    await save(database, number, bo, Draft("key", WORDS, NOON))
    assert await database.read(lambda c: answers.other_authors(c, number, anna)) == ["Bo"]
    assert await database.read(lambda c: answers.other_authors(c, number, bo)) == []


async def test_the_history_has_the_answer_and_none_of_its_words(database: Database) -> None:
    number, anna = await receive(database), await hire(database, "anna")
    answer_id = await send(database, await sending(database, number, anna))
    await take_back(database, answer_id, anna, NOON)
    entries = await database.read(lambda c: history.of_case(c, number))
    assert [entry.action for entry in entries] == [answers.SEND, answers.TAKE_BACK]
    assert not any(word in entry.detail for entry in entries for word in WORDS.swedish.split())
