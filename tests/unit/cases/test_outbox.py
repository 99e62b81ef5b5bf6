"""Letters are queued with what they are about, taken by one node each, and never lost."""

import asyncio
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from portal.cases import outbox
from portal.cases.messages import (
    Arrival,
    CaseNumber,
    Submission,
    case_numbered,
    change_state,
    receive_all,
)
from portal.cases.outbox import CONFIRMATIONS, GIVE_UP_AFTER, LEASE, LONGEST_WAIT, Letter, NewLetter
from portal.storage.database import Database
from portal.storage.tables import accounts, answers

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
GUARDIAN, OFFICER, STAFF = "namn@example.org", "officer@example.org", "staff@example.org"


async def write_in(
    database: Database,
    text: str = "Hej",
    email: str = GUARDIAN,
    now: datetime = NOON,
    case: CaseNumber | None = None,
    staff_mailbox: str | None = STAFF,
) -> CaseNumber:
    """A guardian writes from a page in Arabic."""
    submission = Submission(text, email, "", None, "ar")
    arrival = Arrival(submission, 1, 0, case, staff_mailbox)
    number: CaseNumber = await database.write_together(partial(receive_all, now=now), arrival)
    return number


async def queue(database: Database, letter: NewLetter, now: datetime = NOON) -> None:
    await database.write(partial(outbox.queue, new=[letter], now=now))


async def claim(database: Database, now: datetime) -> Letter | None:
    return await database.write(partial(outbox.claim, now=now))


async def deliver(database: Database, now: datetime) -> list[Letter]:
    """Deliver everything that is due; gives the letters in their order."""
    delivered = []
    while letter := await claim(database, now):
        await database.write(partial(outbox.note_delivery, letter=letter, now=now))
        delivered.append(letter)
    return delivered


async def waiting(database: Database) -> list[tuple[str, str, timedelta]]:
    """Kind, recipient and how long after noon each letter may go that is not delivered."""
    rows = await database.read(lambda c: outbox.waiting_or_failed(c, 1000))
    return [(row.kind, row.recipient, row.not_before - NOON) for row in rows]


async def fail(
    database: Database, now: datetime, first_wait: timedelta | None = MINUTE, fault: str = "451"
) -> Letter:
    """Take a letter, and note that it was not delivered."""
    letter = await claim(database, now)
    assert letter
    note = partial(outbox.note_failure, fault=fault, now=now, first_wait=first_wait)
    await database.write(partial(note, letter=letter))
    return letter


async def test_a_message_and_its_letters_are_written_together(database: Database) -> None:
    number = await write_in(database)
    received, notice = await deliver(database, NOON)
    assert (received.kind, received.recipient, received.language) == ("received", GUARDIAN, "ar")
    assert received.case_id == number.number
    assert (notice.kind, notice.recipient, notice.case_id) == ("new-message", STAFF, None)
    assert received.message_id != notice.message_id


async def test_a_message_that_is_not_stored_queues_no_letter(database: Database) -> None:
    def refuse(connection: sa.Connection) -> None:
        receive_all(
            connection, [Arrival(Submission("a", GUARDIAN, "", None, "sv"), 1, 0, None, "")]
        )
        raise RuntimeError("refused after all")

    with pytest.raises(RuntimeError, match="after all"):
        await database.write(refuse)
    assert await waiting(database) == []


async def test_without_a_mail_server_nothing_is_queued(database: Database) -> None:
    await write_in(database, staff_mailbox=None)
    assert await waiting(database) == []


async def test_whoever_gives_no_address_gets_no_letter_but_staff_do(database: Database) -> None:
    await write_in(database, email="")
    assert await waiting(database) == [("new-message", STAFF, 0 * HOUR)]


async def test_the_same_message_sent_twice_is_confirmed_once(database: Database) -> None:
    await write_in(database)
    await write_in(database, now=NOON + MINUTE)
    assert len(await waiting(database)) == 2


async def test_a_word_in_a_taken_case_goes_to_the_officer_who_has_it(database: Database) -> None:
    number = await write_in(database)
    await take(database, number, OFFICER)
    await deliver(database, NOON)
    await write_in(database, "Mer", case=number, now=NOON + MINUTE)
    assert await waiting(database) == [("word-in-case", OFFICER, MINUTE)]


async def test_a_word_goes_to_everybody_where_the_officer_has_no_address(
    database: Database,
) -> None:
    number = await write_in(database)
    await take(database, number, "")
    await deliver(database, NOON)
    await write_in(database, "Mer", case=number, now=NOON + MINUTE)
    assert await waiting(database) == [("word-in-case", STAFF, MINUTE)]


async def take(database: Database, number: CaseNumber, email: str) -> None:
    """An officer with an address takes a case."""

    def job(connection: sa.Connection) -> None:
        account = {"name": "o", "full_name": "O", "role": "officer", "password_hash": ""}
        values = account | {"email": email, "created_at": NOON}
        connection.execute(sa.insert(accounts).values(id=1, **values))
        case = case_numbered(connection, number.number)
        change_state(connection, case, "taken", NOON, officer_id=1)

    await database.write(job)


async def test_an_address_gets_one_notice_in_an_hour(database: Database) -> None:
    notice = NewLetter("new-message", STAFF, "sv")
    await queue(database, notice)
    await queue(database, notice, NOON + MINUTE)  # the first still waits and says the same
    assert len(await deliver(database, NOON + MINUTE)) == 1
    await queue(database, notice, NOON + 2 * MINUTE)
    assert await waiting(database) == [("new-message", STAFF, HOUR + MINUTE)]
    assert len(await deliver(database, NOON + HOUR + MINUTE)) == 1
    await queue(database, notice, NOON + 3 * HOUR)
    assert await waiting(database) == [("new-message", STAFF, 3 * HOUR)]


async def test_a_stranger_cannot_flood_an_address_with_confirmations(database: Database) -> None:
    for number in range(20):
        await write_in(database, f"{number}", staff_mailbox="")
    turns = [turn for _, _, turn in await waiting(database)]
    assert turns == [HOUR * number for number in range(CONFIRMATIONS)]
    await write_in(database, email="other@example.org", staff_mailbox="")
    assert ("received", "other@example.org", 0 * HOUR) in await waiting(database)


async def answer(database: Database, number: CaseNumber, answer_id: int, now: datetime) -> datetime:
    """Staff answer; the guardian is told when the hold of 15 seconds is over."""
    visible_at = now + timedelta(seconds=15)
    letter = NewLetter("answered", GUARDIAN, "ar", number.number, answer_id, visible_at)

    def job(connection: sa.Connection) -> None:
        values = {"account_id": 1, "form_key": f"{answer_id}", "swedish": "Svar"}
        times = {"written_at": now, "visible_at": visible_at}
        connection.execute(
            sa.insert(answers).values(id=answer_id, case_id=number.number, **values, **times)
        )
        outbox.queue(connection, [letter], now)

    await database.write(job)
    return visible_at


@pytest.fixture
async def number(database: Database) -> CaseNumber:
    """A case that an officer has taken and whose letters are delivered."""
    number = await write_in(database, staff_mailbox=None)
    await take(database, number, OFFICER)
    return number


async def test_the_letter_of_an_answer_waits_for_the_hold_and_can_be_withdrawn(
    database: Database, number: CaseNumber
) -> None:
    visible_at = await answer(database, number, 1, NOON)
    assert await claim(database, visible_at - timedelta(seconds=1)) is None
    await database.write(partial(outbox.withdraw, answer_id=1))
    assert await claim(database, visible_at) is None
    # The answer in its place need not wait for its turn.
    again_at = await answer(database, number, 2, NOON + MINUTE)
    (letter,) = await deliver(database, again_at)
    assert letter.kind == "answered"


async def test_a_second_answer_in_the_hour_is_told_of_when_the_hour_is_over(
    database: Database, number: CaseNumber
) -> None:
    first_at = await answer(database, number, 1, NOON)
    await deliver(database, first_at)
    await answer(database, number, 2, NOON + MINUTE)
    await answer(database, number, 3, NOON + 5 * MINUTE)  # told of by the same letter
    assert await waiting(database) == [("answered", GUARDIAN, first_at + HOUR - NOON)]


async def test_an_answer_in_its_hold_does_not_tell_of_the_next(
    database: Database, number: CaseNumber
) -> None:
    await answer(database, number, 1, NOON)
    await answer(database, number, 2, NOON + timedelta(seconds=10))
    await database.write(partial(outbox.withdraw, answer_id=1))
    assert [kind for kind, _, _ in await waiting(database)] == ["answered"]


async def test_a_letter_that_is_being_sent_does_not_tell_of_the_next_answer(
    database: Database, number: CaseNumber
) -> None:
    first_at = await answer(database, number, 1, NOON)
    await claim(database, first_at)
    await answer(database, number, 2, first_at + MINUTE / 2)
    _, second = await waiting(database)
    assert second == ("answered", GUARDIAN, first_at + HOUR - NOON)


async def test_a_letter_is_taken_for_a_while_and_is_free_again_after_it(
    database: Database,
) -> None:
    await queue(database, NewLetter("new-message", STAFF, "sv"))
    first = await claim(database, NOON)
    assert first
    assert first.attempts == 1  # counted before it is made
    assert await claim(database, NOON + LEASE - MINUTE) is None
    second = await claim(database, NOON + LEASE)
    assert second
    assert (second.attempts, second.message_id) == (2, first.message_id)


async def test_who_lost_the_lease_can_no_longer_note_a_failure(database: Database) -> None:
    await queue(database, NewLetter("new-message", STAFF, "sv"))
    slow = await claim(database, NOON)
    quick = await claim(database, NOON + LEASE)
    assert slow
    assert quick
    note = partial(outbox.note_failure, fault="550", now=NOON, first_wait=None)
    await database.write(partial(note, letter=slow))
    assert await database.read(lambda c: outbox.state(c, NOON + LEASE)) == (NOON, 0)


async def test_waits_grow_and_end_after_some_days(database: Database) -> None:
    await queue(database, NewLetter("new-message", STAFF, "sv"))
    now, waits = NOON, []
    while now < NOON + GIVE_UP_AFTER:
        await fail(database, now)
        ((_, _, next_attempt),) = await waiting(database)
        waits.append(NOON + next_attempt - now)
        now = NOON + next_attempt
    assert waits[:4] == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert max(waits) == LONGEST_WAIT
    await fail(database, now)
    assert await claim(database, now + LONGEST_WAIT) is None
    assert await database.read(lambda c: outbox.state(c, now)) == (None, 1)


async def test_a_letter_that_cannot_be_delivered_shows_on_its_case_and_can_be_tried_again(
    database: Database,
) -> None:
    number = await write_in(database, staff_mailbox="")
    await fail(database, NOON, first_wait=None, fault="550")
    assert await claim(database, NOON + LONGEST_WAIT) is None
    (letter,) = await database.read(lambda c: outbox.failed_to_guardian(c, number.number))
    listed = await database.read(lambda c: [*c.execute(outbox.undelivered_cases()).scalars()])
    assert (letter.fault, letter.failed_at, listed) == ("550", NOON, [number.number])
    later = NOON + GIVE_UP_AFTER
    assert await database.write(partial(outbox.retry, now=later, letter_id=letter.id + 1)) == 0
    assert await database.write(partial(outbox.retry, now=later, letter_id=letter.id)) == 1
    await fail(database, later)  # it has its days again
    assert [kind for kind, _, _ in await waiting(database)] == ["received"]
    assert await database.read(lambda c: outbox.failed_to_guardian(c, number.number)) == []


async def test_a_retry_sends_nothing_before_its_hold_is_over(
    database: Database, number: CaseNumber
) -> None:
    await answer(database, number, 1, NOON)
    assert await database.write(partial(outbox.retry, now=NOON)) == 0
    assert await claim(database, NOON) is None


async def test_a_letter_with_a_number_of_its_own_is_queued_once(database: Database) -> None:
    reminder = NewLetter("overdue", STAFF, "sv", message_id="overdue-2026-11-24")
    await queue(database, reminder)
    await deliver(database, NOON)
    await queue(database, reminder, NOON + 2 * HOUR)
    assert await waiting(database) == []


async def test_two_nodes_take_each_letter_once(database: Database, database_url: str) -> None:
    values = [NewLetter("new-message", f"{number}@example.org", "sv") for number in range(50)]
    await database.write(partial(outbox.queue, new=values, now=NOON))
    other = Database(database_url)
    await other.start()
    try:
        taken = await asyncio.gather(*(claim_all(node) for node in (database, other, database)))
    finally:
        await other.stop()
    ids = [letter_id for ids in taken for letter_id in ids]
    assert len(ids) == 50
    assert len({*ids}) == 50


async def claim_all(database: Database) -> list[int]:
    ids = []
    while letter := await claim(database, NOON):
        ids.append(letter.id)
    return ids


def test_no_statement_looks_through_all_letters(tmp_path: Path) -> None:
    """What is queued, taken and counted costs the same however many letters were sent."""
    statements: list[tuple[str, Any]] = []
    with closing(Database(f"sqlite:///{tmp_path}/portal.db")) as database:
        database.upgrade()
        with database.connect() as connection:
            sa.event.listen(
                connection,
                "before_cursor_execute",
                lambda *call: statements.append((call[2], call[3])),
            )
            letter = NewLetter("answered", STAFF, "sv")
            outbox.queue(connection, [letter], NOON)
            taken = outbox.claim(connection, NOON)
            assert taken
            outbox.note_failure(connection, taken, "451", NOON, MINUTE)
            outbox.note_delivery(connection, taken, NOON)
            outbox.withdraw(connection, 1)
            plans = [
                row[-1]
                for statement, parameters in [*statements]
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            ]
    steps = [step for step in plans if "letters" in step]
    assert len(steps) > 5
    assert [step for step in steps if step.startswith("SCAN")] == []
    by_recipient = [step for step in steps if "(recipient" in step]
    assert by_recipient
    assert all("AND delivered_at" in step for step in by_recipient)
