"""Messages are stored exactly, once, and within the limit of their sender; on both databases."""

import asyncio
from base64 import urlsafe_b64decode
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from portal.cases import messages
from portal.cases.messages import MESSAGE_LIMIT, Arrival, Message, Submission, receive_all
from portal.cases.references import ALPHABET
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
) -> str:
    """Receive a message, and return the code of its case."""
    job = partial(receive_all, now=now)
    return await database.write_together(job, Arrival(submission, sender, per_hour))


async def find(database: Database, code: str) -> Message:
    async with database.reading() as connection:
        message = await messages.find(connection, code)
    assert message
    return message


async def count(database: Database, table: sa.Table) -> int:
    async with database.reading() as connection:
        query = sa.select(sa.func.count()).select_from(table)
        return (await connection.execute(query)).scalar_one()


async def test_a_message_is_found_again_just_as_it_was_sent(database: Database) -> None:
    submission = Submission(
        ARABIC, "å.ö+1@example.org", "complaint", "omraden/styrning", "ar", "fa"
    )
    code = await receive(database, submission)
    message = await find(database, code)
    assert message == Message(
        **asdict(submission), reference=message.reference, code=code, received_at=NOON
    )


async def test_the_longest_message_fits_and_a_longer_one_is_refused_by_the_table(
    database: Database,
) -> None:
    longest = "ع" * MESSAGE_LIMIT
    code = await receive(database, sent(longest))
    assert (await find(database, code)).text == longest
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
    codes = await asyncio.gather(*(receive(database, sent()) for _ in range(50)))
    assert len(set(codes)) == 1
    async with database.reading() as connection:
        assert len(await messages.newest(connection, 100)) == 1


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
    assert [type(result) for result in results[:3]] == [str] * 3
    waits = [result.minutes for result in results if isinstance(result, RateLimited)]
    assert waits == [60, 60]


async def test_a_repeated_message_does_not_count_towards_the_limit(database: Database) -> None:
    first = await receive(database, sent(), per_hour=1)
    assert await receive(database, sent(), per_hour=1) == first


async def test_a_message_is_found_by_its_reference_however_it_is_written(
    database: Database,
) -> None:
    message = await find(database, await receive(database, sent()))
    reference = message.reference
    assert len(reference) == 8
    assert set(reference) <= set(ALPHABET)
    assert not set("IOQZ01") & set(ALPHABET)
    async with database.reading() as connection:
        spoken = f" {reference[:4].lower()} {reference[4:]}"
        assert await messages.find_by_reference(connection, spoken) == message
        assert await messages.find_by_reference(connection, "AAAA AAAA") is None


async def test_nobody_can_guess_the_address_of_a_case(database: Database) -> None:
    codes = [await receive(database, sent(f"{number}")) for number in range(5)]
    secret = [code[11:] for code in codes]
    assert len(set(secret)) == 5
    assert all(len(urlsafe_b64decode(f"{part}==")) * 8 == 128 for part in secret)
    async with database.reading() as connection:
        assert await messages.find(connection, codes[0].upper()) is None
        assert await messages.find(connection, codes[0][:11] + secret[0][::-1]) is None


async def test_codes_sort_by_the_time_of_receipt(database: Database) -> None:
    moments = [NOON + timedelta(milliseconds=3**number) for number in range(25)]
    codes = [await receive(database, sent(f"{moment}"), now=moment) for moment in moments]
    assert codes == sorted(codes)
    assert {len(code) for code in codes} == {11 + 22}


def test_a_message_costs_the_same_however_many_there_are(tmp_path: Path) -> None:
    """Every statement finds its rows by an index; none looks through a table."""
    statements: list[str] = []
    with closing(Database(f"sqlite:///{tmp_path}/portal.db")) as database:
        database.upgrade()
        with database.connect() as connection, begin(connection):
            driver: Any = connection.connection.driver_connection
            driver.set_trace_callback(statements.append)
            for text in ("ett", "två"):
                messages.receive_all(connection, [Arrival(sent(text), 1, 1)])
            connection.execute(sa.select(tables.messages).where(tables.messages.c.code == "x"))
            limits.forget(connection, NOON)
            driver.set_trace_callback(None)
            plans = {
                f"{statement}: {step[3]}"
                for statement in statements
                if statement.startswith(("SELECT", "DELETE"))
                for step in driver.execute(f"EXPLAIN QUERY PLAN {statement}")
            }
    assert not [plan for plan in plans if "SCAN" in plan or "TEMP B-TREE" in plan]
    for index in (
        "ix_arrivals_fingerprint (fingerprint=?)",
        "ix_arrivals_sender (sender=?)",
        "INTEGER PRIMARY KEY (rowid<?)",
        "(code=?)",
    ):
        assert [plan for plan in plans if index in plan], index


async def test_the_newest_come_first(database: Database) -> None:
    for number in range(4):
        await receive(database, sent(f"{number}"), now=NOON + timedelta(minutes=number))
    async with database.reading() as connection:
        newest = await messages.newest(connection, 3)
    assert [message.text for message in newest] == ["3", "2", "1"]


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
    assert not await database.write(lambda connection: limits.forget(connection, now))
    assert await count(database, tables.arrivals) == 2
    assert await count(database, tables.messages) == 4


async def test_many_old_arrivals_are_deleted_in_several_transactions(database: Database) -> None:
    row = {"sender": 1, "fingerprint": 1, "code": "c", "received_at": NOON}
    rows = [row] * (limits.FORGOTTEN + 500)
    await database.write(lambda c: c.execute(sa.insert(tables.arrivals), rows) and None)
    now = NOON + timedelta(hours=2)
    assert await database.write(lambda connection: limits.forget(connection, now))
    assert await count(database, tables.arrivals) == 500
    assert not await database.write(lambda connection: limits.forget(connection, now))
    assert await count(database, tables.arrivals) == 0


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
    codes = {await receive(database, submission) for submission in submissions}
    assert len(codes) == len(fields)
