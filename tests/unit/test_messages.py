"""Messages are kept exactly, once, and by whoever may send them; on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from portal import messages
from portal.database import Database, Unavailable
from portal.messages import KINDS, REFERENCE_SIGNS, Arrived, Message, Sent, TooMany

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ARABIC = "السلام عليكم،\nأريد أن أسأل عن 'المدرسة' ٥٠٪ 🙂 \\ %s\t"


def sent(text: str = "Hej", email: str = "", language: str = "sv") -> Sent:
    return Sent(text, email, "", None, language)


async def receive(
    database: Database, what: Sent, who: str = "a", per_hour: int = 0, now: datetime = NOON
) -> str:
    work = partial(messages.receive, sent=what, sender=who, per_hour=per_hour, now=now)
    return await database.write(work)


async def find(database: Database, code: str) -> Message:
    async with database.reading() as connection:
        found = await messages.find(connection, code)
    assert found
    return found


async def test_a_message_is_found_again_just_as_it_was_sent(database: Database) -> None:
    what = Sent(ARABIC, "å.ö+1@example.org", "complaint", "omraden/styrning", "ar")
    found = await find(database, await receive(database, what))
    assert (found.text, found.email, found.kind, found.page, found.language) == (
        ARABIC,
        what.email,
        what.kind,
        what.page,
        "ar",
    )
    assert found.received_at == NOON


async def test_the_longest_message_fits_and_a_longer_one_is_refused_by_the_table(
    database: Database,
) -> None:
    code = await receive(database, sent("ع" * 5000))
    assert (await find(database, code)).text == "ع" * 5000
    for refused in ("ع" * 5001, ""):
        with pytest.raises(Unavailable):
            await receive(database, sent(refused))


async def test_the_same_message_sent_again_leads_to_the_same_case(database: Database) -> None:
    first = await receive(database, sent(language="sv"))
    assert await receive(database, sent(language="ar"), now=NOON + timedelta(minutes=9)) == first
    assert await receive(database, sent(), now=NOON + timedelta(minutes=11)) != first


@pytest.mark.parametrize(
    ("what", "who"), [(sent("Hej!"), "a"), (sent(email="a@example.org"), "a"), (sent(), "b")]
)
async def test_other_words_or_another_sender_make_another_case(
    database: Database, what: Sent, who: str
) -> None:
    first = await receive(database, sent())
    assert await receive(database, what, who) != first


async def test_one_message_sent_many_times_at_once_is_one_message(database: Database) -> None:
    codes = await asyncio.gather(*(receive(database, sent()) for _ in range(50)))
    assert len(set(codes)) == 1
    async with database.reading() as connection:
        assert len(await messages.newest(connection, 100)) == 1


async def test_whoever_sends_too_much_must_wait_but_nobody_else(database: Database) -> None:
    for number in range(3):
        await receive(database, sent(f"{number}"), per_hour=3)
    with pytest.raises(TooMany) as wait:
        await receive(database, sent("4"), per_hour=3, now=NOON + timedelta(minutes=10))
    assert wait.value.minutes == 50
    await receive(database, sent("4"), who="b", per_hour=3)
    await receive(database, sent("4"), per_hour=3, now=NOON + timedelta(minutes=61))


async def test_a_repeated_message_does_not_count_as_too_much(database: Database) -> None:
    first = await receive(database, sent(), per_hour=1)
    assert await receive(database, sent(), per_hour=1) == first


async def test_references_are_easy_to_say_and_found_however_they_are_written(
    database: Database,
) -> None:
    message = await find(database, await receive(database, sent()))
    reference = message.reference
    assert len(reference) == 8
    assert set(reference) <= set(REFERENCE_SIGNS)
    assert not set("IOQZ01") & set(REFERENCE_SIGNS)
    async with database.reading() as connection:
        spoken = f" {reference[:4].lower()} {reference[4:]}"
        assert await messages.refer(connection, spoken) == message
        assert await messages.refer(connection, "AAAA AAAA") is None


async def test_nobody_can_guess_the_address_of_a_case(database: Database) -> None:
    codes = [await receive(database, sent(f"{number}")) for number in range(5)]
    assert len(set(codes)) == 5
    assert all(len(code) >= 22 for code in codes)  # 128 bits in base 64
    async with database.reading() as connection:
        assert await messages.find(connection, codes[0].lower()) is None


async def test_the_newest_come_first(database: Database) -> None:
    for number in range(4):
        await receive(database, sent(f"{number}"), now=NOON + timedelta(minutes=number))
    async with database.reading() as connection:
        assert [one.text for one in await messages.newest(connection, 3)] == ["3", "2", "1"]


def test_a_sender_is_a_household_and_cannot_be_found_without_the_key() -> None:
    key = b"k" * 32
    assert messages.sender(key, "192.0.2.1") != messages.sender(key, "192.0.2.2")
    assert messages.sender(key, "2001:db8::1") == messages.sender(key, "2001:db8::2")
    assert messages.sender(key, "2001:db8::1") != messages.sender(key, "2001:db8:0:1::1")
    assert messages.sender(key, "192.0.2.1") != messages.sender(b"j" * 32, "192.0.2.1")
    assert "192" not in messages.sender(key, "192.0.2.1")


def test_kinds_are_plain_words() -> None:
    assert all(kind.isalpha() for kind in KINDS)


async def test_messages_that_come_together_are_each_judged_alone(database: Database) -> None:
    """A repeat, one too many and a good one in one batch; the bad one fails alone."""
    texts = ["ett", "ett", "två", "tre", "x" * 5001]
    arrived = [Arrived(sent(text), who, 2) for text, who in zip(texts, "aaabc", strict=True)]
    work = [database.write_together(messages.receive_all, one) for one in arrived]
    first, again, second, other, bad = await asyncio.gather(*work, return_exceptions=True)
    assert first == again
    assert len({first, second, other}) == 3
    assert isinstance(bad, Unavailable)
    with pytest.raises(TooMany):
        await database.write_together(messages.receive_all, Arrived(sent("fyra"), "a", 2))
