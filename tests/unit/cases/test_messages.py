"""Messages are stored exactly, once, and within the limit of their sender; on both databases."""

import asyncio
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from portal.cases import messages
from portal.cases.messages import (
    MESSAGE_LIMIT,
    Arrival,
    Case,
    CaseNumber,
    Message,
    Submission,
    receive_all,
)
from portal.storage import limits, tables
from portal.storage.database import Database, Unavailable
from portal.storage.engines import begin
from portal.storage.limits import RateLimited

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ARABIC = "السلام عليكم،\nأريد أن أسأل عن 'المدرسة' ٥٠٪ 🙂 \\ %s\t"


def sent(text: str = "Hej", email: str = "", language: str = "sv") -> Submission:
    return Submission(text, email, "", None, language)


async def receive(
    database: Database,
    submission: Submission,
    sender: int = 1,
    per_hour: int = 0,
    now: datetime = NOON,
    case: CaseNumber | None = None,
) -> CaseNumber:
    """Receive a message, and return what leads to its case."""
    job = partial(receive_all, now=now)
    arrival = Arrival(submission, sender, per_hour, case)
    result: CaseNumber = await database.write_together(job, arrival)
    return result


async def find(database: Database, number: CaseNumber) -> tuple[Case, list[Message]]:
    case = await database.read(lambda c: messages.find_case(c, number.number))
    assert case
    return case, await database.read(lambda c: messages.messages_of(c, number.number))


async def figures_of(database: Database) -> dict[tuple[str, ...], int]:
    """The figures that are not 0, by name, day, language and kind."""
    rows = await database.read(lambda c: c.execute(sa.select(tables.counts)).all())
    return {tuple(row[:-1]): row[-1] for row in rows if row[-1]}


async def count(database: Database, table: sa.Table) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    return await database.read(lambda c: c.execute(query).scalar_one())


async def test_a_message_is_found_again_just_as_it_was_sent(database: Database) -> None:
    submission = Submission(
        ARABIC, "å.ö+1@example.org", "complaint", "omraden/styrning", "ar", "fa"
    )
    number = await receive(database, submission)
    case, thread = await find(database, number)
    assert thread == [Message(1, number.number, NOON, "ar", None, ARABIC)]
    of_case = {name: getattr(case, name) for name in submission._asdict() if name != "text"}
    assert Submission(text=ARABIC, **of_case) == submission
    assert all(submission._asdict().values())  # not a default, which would be equal unstored
    assert (case.state, case.since, case.opened_at) == ("new", NOON, NOON)


async def test_the_longest_message_fits_and_a_longer_one_is_refused_by_the_table(
    database: Database,
) -> None:
    longest = "ع" * MESSAGE_LIMIT
    _, (message,) = await find(database, await receive(database, sent(longest)))
    assert message.text == longest
    for refused in (longest + "ع", ""):
        with pytest.raises(Unavailable):
            await receive(database, sent(refused))


async def test_the_same_message_sent_again_leads_to_the_same_case(database: Database) -> None:
    first = await receive(database, sent(language="sv"))
    assert await receive(database, sent(language="ar"), now=NOON + timedelta(minutes=9)) == first
    assert await receive(database, sent(), now=NOON + timedelta(minutes=11)) != first


@pytest.mark.parametrize(
    ("submission", "sender"), [(sent("Hej!"), 1), (sent(email="a@example.org"), 1), (sent(), 2)]
)
async def test_other_words_or_another_sender_make_another_case(
    database: Database, submission: Submission, sender: int
) -> None:
    first = await receive(database, sent())
    assert await receive(database, submission, sender) != first


async def test_a_message_sent_many_times_at_once_is_stored_once(database: Database) -> None:
    numbers = await asyncio.gather(*(receive(database, sent()) for _ in range(50)))
    assert len(set(numbers)) == 1
    assert await database.read(lambda c: len(messages.newest(c, 100))) == 1


async def test_a_sender_of_too_much_must_wait_and_no_other_sender(database: Database) -> None:
    for number in range(3):
        await receive(database, sent(f"{number}"), per_hour=3)
    with pytest.raises(RateLimited) as wait:
        await receive(database, sent("4"), per_hour=3, now=NOON + timedelta(minutes=10))
    assert wait.value.minutes == 50
    await receive(database, sent("4"), sender=2, per_hour=3)
    await receive(database, sent("4"), per_hour=3, now=NOON + timedelta(minutes=61))


async def test_no_sender_must_wait_for_a_time_that_is_past(database: Database) -> None:
    """Arrivals older than an hour may not be deleted yet, and those of a batch not be stored."""
    for number in range(3):
        await receive(database, sent(f"{number}"), now=NOON)
    late = NOON + timedelta(minutes=60, seconds=30)
    batch = [Arrival(sent(f"new {number}"), 1, 3) for number in range(5)]
    results = await database.write(lambda c: receive_all(c, batch, late))
    assert [type(result) for result in results[:3]] == [CaseNumber] * 3
    waits = [result.minutes for result in results if isinstance(result, RateLimited)]
    assert waits == [60, 60]


async def test_a_repeated_message_does_not_count_towards_the_limit(database: Database) -> None:
    first = await receive(database, sent(), per_hour=1)
    assert await receive(database, sent(), per_hour=1) == first


async def test_what_is_written_later_stands_in_the_same_case(database: Database) -> None:
    number = await receive(database, sent("ett"))
    later = NOON + timedelta(days=1)
    for _ in range(2):  # sent twice, stored once
        assert await receive(database, sent("två", language="ar"), now=later, case=number) == number
    case, thread = await find(database, number)
    assert [(message.text, message.language) for message in thread] == [
        ("ett", "sv"),
        ("två", "ar"),
    ]
    assert (case.state, case.since) == ("new", NOON)
    assert await figures_of(database) == {
        ("cases", "", "", ""): 1,
        ("new", "", "sv", ""): 1,
        ("open", "2026-11-24", "sv", ""): 1,
        ("received", "2026-11-24", "sv", ""): 1,
        ("received", "2026-11-25", "ar", ""): 1,
    }


async def test_a_case_has_no_more_messages_than_its_page_can_show(database: Database) -> None:
    case = await receive(database, sent("0"))
    batch = [Arrival(sent(f"{n}"), 1, 0, case) for n in range(1, messages.CASE_LIMIT + 1)]
    results = await database.write(lambda c: receive_all(c, batch, NOON))
    assert results[:-1] == [case] * (messages.CASE_LIMIT - 1)
    assert isinstance(results[-1], messages.CaseFull)
    assert await receive(database, sent("1"), case=case) == case  # sent again, not more
    with pytest.raises(messages.CaseFull):
        await receive(database, sent("en till"), case=case)
    assert len((await find(database, case))[1]) == messages.CASE_LIMIT


@pytest.mark.parametrize("state", sorted({*messages.STATES} - messages.OPEN_STATES))
async def test_a_further_message_opens_a_case_again(database: Database, state: str) -> None:
    number = await receive(database, sent("ett"))
    case, _ = await find(database, number)
    await database.write(lambda c: messages.change_state(c, case, state, NOON))
    assert await figures_of(database) == {
        ("cases", "", "", ""): 1,
        (state, "", "sv", ""): 1,
        ("received", "2026-11-24", "sv", ""): 1,
    }
    later = NOON + timedelta(hours=1)
    await receive(database, sent("två"), now=later, case=number)
    case, _ = await find(database, number)
    assert (case.state, case.since) == ("new", later)
    assert ("new", "", "sv", "") in await figures_of(database)


def test_a_message_costs_the_same_however_many_there_are(tmp_path: Path) -> None:
    """Every statement finds its rows by an index; none looks through a table."""
    statements: list[str] = []
    with closing(Database(f"sqlite:///{tmp_path}/portal.db")) as database:
        database.upgrade()
        with database.connect() as connection, begin(connection):
            driver: Any = connection.connection.driver_connection
            driver.set_trace_callback(statements.append)
            for text in ("ett", "två"):
                receive_all(connection, [Arrival(sent(text), 1, 1)])
            case = messages.case_numbered(connection, 1)
            messages.change_state(connection, case, "closed", NOON)
            receive_all(connection, [Arrival(sent("tre"), 1, 0, CaseNumber(1))])
            of_case = tables.messages.c.case_id == 1
            connection.execute(sa.select(tables.messages).where(of_case))
            limits.forget(connection, NOON)
            driver.set_trace_callback(None)
            plans = {
                f"{statement}: {step[3]}"
                for statement in statements
                if statement.startswith(("SELECT", "DELETE", "UPDATE"))
                for step in driver.execute(f"EXPLAIN QUERY PLAN {statement}")
            }
    assert not [plan for plan in plans if "SCAN" in plan or "TEMP B-TREE" in plan]
    for index in (
        "ix_arrivals_fingerprint (fingerprint=?)",
        "ix_arrivals_sender (sender=?)",
        "INTEGER PRIMARY KEY (rowid<?)",
        "ix_messages_case_id (case_id=?)",
    ):
        assert [plan for plan in plans if index in plan], index


async def test_the_newest_come_first(database: Database) -> None:
    for number in range(4):
        await receive(database, sent(f"{number}"), now=NOON + timedelta(minutes=number))
    newest = await database.read(lambda c: messages.newest(c, 3))
    assert [message.text for _, message in newest] == ["3", "2", "1"]


async def test_messages_that_come_together_are_decided_on_one_by_one(database: Database) -> None:
    """A repeated one, new ones and one too many in a batch; one that is too long fails alone."""
    batch = [
        (1, "ett"),
        (1, "ett"),
        (1, "två"),
        (1, "tre"),
        (2, "tre"),
        (3, "x" * (MESSAGE_LIMIT + 1)),
    ]
    writes = [receive(database, sent(text), sender, per_hour=2) for sender, text in batch]
    first, again, second, third, other, too_long = await asyncio.gather(
        *writes, return_exceptions=True
    )
    assert first == again
    assert len({first, second, other}) == 3
    assert isinstance(third, RateLimited)
    assert isinstance(too_long, Unavailable)


async def test_arrivals_are_deleted_after_an_hour_and_messages_are_not(
    database: Database,
) -> None:
    for number, minutes in enumerate((0, 1, 30, 60)):
        await receive(database, sent(f"{number}"), now=NOON + timedelta(minutes=minutes))
    now = NOON + timedelta(minutes=62)
    assert await database.write(lambda connection: limits.forget(connection, now))
    assert not await database.write(lambda connection: limits.forget(connection, now))
    assert await count(database, tables.arrivals) == 2
    assert await count(database, tables.messages) == 4


async def test_many_old_arrivals_are_deleted_in_several_transactions(database: Database) -> None:
    row = {"sender": 1, "fingerprint": 1, "case_id": 1, "received_at": NOON}
    rows = [row] * (limits.DELETE_LIMIT + 500)
    await database.write(lambda c: c.execute(sa.insert(tables.arrivals), rows) and None)
    gap = sa.delete(tables.arrivals).where(tables.arrivals.c.id.between(2, 100))
    await database.write(lambda c: c.execute(gap) and None)
    now, left = NOON + timedelta(hours=2), []
    while await database.write(lambda connection: limits.forget(connection, now)):
        left.append(await count(database, tables.arrivals))
    assert left == [500, 0]


async def test_a_running_portal_deletes_old_arrivals_by_itself(database: Database) -> None:
    await receive(database, sent("ett"), now=NOON)
    forgetting = asyncio.create_task(limits.forget_regularly(database))
    for _ in range(200):
        if await count(database, tables.arrivals) == 0:
            break
        await asyncio.sleep(0.01)
    forgetting.cancel()
    assert await count(database, tables.arrivals) == 0


async def test_an_arrival_of_an_hour_ago_no_longer_counts(database: Database) -> None:
    """Although it is deleted a minute later."""
    await receive(database, sent("ett"), per_hour=1)
    await receive(database, sent("två"), per_hour=1, now=NOON + timedelta(hours=1))
    assert await count(database, tables.arrivals) == 2


async def test_the_same_characters_in_other_fields_are_another_message(database: Database) -> None:
    """A fingerprint depends on where a field ends and the next begins."""
    fields = [
        ("ab", "c@d.se", "e"),
        ("a", "bc@d.se", "e"),
        ("ab", "c@d.se", ""),
        ("abc@d.se", "", "e"),
        ("ab", "e", "c@d.se"),
    ]
    submissions = [
        Submission(text, email, "", None, "sv", language) for text, email, language in fields
    ]
    numbers = {await receive(database, submission) for submission in submissions}
    assert len(numbers) == len(fields)
