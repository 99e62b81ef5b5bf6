"""Cases are found by reference, address and words in any script; nothing typed is syntax."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from portal.cases import search
from portal.cases.references import reference
from portal.cases.search import fold, fold_new, fold_regularly
from portal.storage import tables
from portal.storage.database import Database
from tests.unit.cases.desk import NOON, hire, receive, write_more


async def numbers(database: Database, query: str, count: int = 50, **page: object) -> list[int]:
    """The cases that a search finds, after everything new is folded."""
    while await database.write(fold_new) == search.BATCH:
        pass
    return await database.read(lambda c: search.search(c, query, count, **page))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("احمد", "أحمد"),
        ("كتاب", "كِتاب"),
        ("كتاب", "كتـاب"),
        ("الدورى", "الدوري"),
        ("مدرسه", "مدرسة"),
        ("کیف", "كيف"),
        ("031", "٠٣١"),
        ("۰۳۱", "031"),
        ("ÅR", "år"),
        ("a\u030ar", "år"),
        ("STRASSE", "Straße"),
        ("skola", "sko\u00adla"),
        ("ﬁnska", "finska"),
        ("میخواهم", "می\u200cخواهم"),
    ],
)
def test_spellings_of_a_word_are_folded_to_one(typed: str, text: str) -> None:
    assert fold(typed) == fold(text)


@pytest.mark.parametrize(
    ("typed", "text"), [("ar", "är"), ("far", "får"), ("for", "för"), ("o", "ö"), ("هو", "ها")]
)
def test_letters_that_differ_stay_different(typed: str, text: str) -> None:
    assert fold(typed) != fold(text)


@given(st.text(max_size=80))
def test_folding_leaves_single_words_without_syntax(text: str) -> None:
    words = fold(text)
    assert fold(" ".join(words)) == words
    assert not set("".join(words)) & set("\"'*:&|!()<>-+^\\ \t\n\0")


async def test_words_are_found_in_any_script_and_all_of_them_count(database: Database) -> None:
    swedish = await receive(database, "Får vår dotter byta skola?")
    arabic = await receive(database, "السلام عليكم، أحمد في المدرسة", "ar")
    assert await numbers(database, "dotter skola") == [swedish]
    assert await numbers(database, "skola dotter") == [swedish]
    assert await numbers(database, "dotter buss") == []
    assert await numbers(database, "far") == []
    assert await numbers(database, "احمد") == [arabic]
    assert await numbers(database, "المدرسه احمد") == [arabic]


async def test_the_beginning_of_a_word_is_enough_but_one_letter_is_a_word(
    database: Database,
) -> None:
    number = await receive(database, "Skolskjutsen kom aldrig till klass 4 a")
    for query in ("skolskjuts", "sk", "al", "4 a", "4"):
        assert await numbers(database, query) == [number], query
    for query in ("skjuts", "s", "k"):
        assert await numbers(database, query) == [], query


async def test_a_case_is_found_by_its_reference_before_it_is_folded(database: Database) -> None:
    number = await receive(database)
    typed = reference(number)
    assert await numbers_now(database, f" {typed[:4].lower()}-{typed[4:]}") == [number]
    assert await numbers_now(database, reference(number + 1)) == []


async def test_the_case_of_a_reference_has_its_place_among_those_that_mention_it(
    database: Database,
) -> None:
    older = await receive(database, "Ett annat ärende")
    own = await receive(database)
    query = reference(own)
    newer = [await receive(database, f"{n} gäller {query}") for n in range(3)]
    assert await numbers(database, query, 2) == newer[:0:-1]
    assert await numbers(database, query, 2, edge=newer[1]) == [newer[0], own]
    assert await numbers(database, query, 2, edge=own) == []
    assert await numbers(database, query, 2, edge=own, backwards=True) == newer[1::-1]
    assert await numbers(database, query, 2, edge=older, backwards=True) == [newer[0], own]


async def test_a_case_is_found_by_its_address_in_any_case(database: Database) -> None:
    number = await receive(database, "Hej", email="Anna.Ek+1@example.org")
    await receive(database, "Hej", email="bo@example.org")
    for query in ("anna.ek+1@EXAMPLE.org", "anna.ek", "ek anna"):
        assert await numbers(database, query) == [number], query
    assert len(await numbers(database, "@example.org")) == 2


@pytest.mark.parametrize(
    "query",
    [
        *('"', "'", "*", "a*", "NEAR(a b)", "a AND", "folded:hej", "-hej", "^hej", "hej OR bo"),
        *("hej & !bo", "'hej':*", "hej:A", "\\", "%", "_", "\0", "(", "x" * 5000, "🙂", "", " "),
        *("ع" * 3000, "हिन्दी", "a\u0301" * 40, "1e5", "-1", "http://a.b/c?d=e#f", "x " * 900),
    ],
)
async def test_a_query_may_contain_anything(database: Database, query: str) -> None:
    await receive(database, "Vi hörs")
    assert await numbers(database, query) == []


async def test_the_longest_word_and_every_script_can_be_folded(database: Database) -> None:
    texts = ["ع" * 5000, "x" * 5000, "हिन्दी में लिखा", "中文的信", "🙂🙂🙂", "Ünïcödé ĐÀ NẴNG"]
    received = [await receive(database, text) for text in texts]
    assert await numbers(database, "हिन्दी") == [received[2]]
    assert await numbers(database, "中文") == [received[3]]
    assert await numbers(database, "đà nẵng") == [received[5]]
    assert await numbers(database, "x" * 64) == [received[1]]


async def test_what_is_written_later_belongs_to_the_same_case(database: Database) -> None:
    number = await receive(database, "Bussen är sen")
    await numbers(database, "buss")
    await write_more(database, number, "Nu kom bussen", NOON)
    assert await numbers(database, "nu sen") == [number]


async def test_an_answer_is_found_after_its_hold_and_never_if_it_was_taken_back(
    database: Database,
) -> None:
    account, number = await hire(database, "anna"), await receive(database)
    for key, words, withdrawn in (("1", "återtaget", NOON), ("2", "bekräftat", None)):
        answer = sa.insert(tables.answers).values(
            case_id=number,
            account_id=account,
            form_key=key,
            swedish=words,
            written_at=NOON,
            visible_at=NOON + timedelta(seconds=15),
            withdrawn_at=withdrawn,
        )
        await database.write(lambda c, answer=answer: c.execute(answer) and None)  # type: ignore[misc]
    await database.write(lambda c: fold_new(c, NOON))
    assert await numbers_now(database, "bekräftat") == []
    assert await numbers(database, "bekräftat") == [number]
    assert await numbers(database, "återtaget") == []


async def test_results_come_page_by_page_both_ways(database: Database) -> None:
    received = [await receive(database, f"skola {number}") for number in range(5)]
    newest_first = received[::-1]
    assert await numbers(database, "skola", 2) == newest_first[:2]
    assert await numbers(database, "skola", 2, edge=newest_first[1]) == newest_first[2:4]
    assert (
        await numbers(database, "skola", 2, edge=newest_first[2], backwards=True)
        == newest_first[:2]
    )


async def test_each_text_is_folded_once_whoever_folds_it(database: Database) -> None:
    received = [await receive(database, f"text {number}") for number in range(search.BATCH + 7)]
    done = await asyncio.gather(*(database.write(fold_new) for _ in range(4)))
    assert sorted(done) == [0, 0, 7, search.BATCH]
    assert await numbers(database, "text", 500) == received[::-1]
    query = sa.text("SELECT rowid, folded FROM case_texts")
    rows = await database.read(lambda c: c.execute(query).all())
    assert sorted(rows) == [(n, f"text {i}") for i, n in enumerate(received)]


async def test_a_running_portal_folds_what_came_before_it_started(database: Database) -> None:
    number = await receive(database, "kvarglömd")
    async with folding(database):
        for _ in range(500):
            if await numbers_now(database, "kvarglömd") == [number]:
                break
            await asyncio.sleep(0.01)
    assert await numbers_now(database, "kvarglömd") == [number]


async def numbers_now(database: Database, query: str) -> list[int]:
    """The cases that a search finds among what is folded by now."""
    return await database.read(lambda c: search.search(c, query, 5))


@asynccontextmanager
async def folding(database: Database) -> AsyncIterator[None]:
    """What a running portal does behind the receipts."""
    task = asyncio.create_task(fold_regularly(database))
    yield
    task.cancel()


async def test_the_tables_of_the_search_are_no_difference(database: Database) -> None:
    await receive(database)
    assert database.differences() == []


@pytest.mark.slow
async def test_a_case_with_very_many_words_stops_no_other(database: Database) -> None:
    """PostgreSQL refuses to index a text of more than 1 MB."""
    many = await receive(database, text="början")
    words = ["".join(chr(0x20000 + (n + at) % 40_000) for n in range(63)) for at in range(60 * 78)]
    for start in range(0, len(words), 78):
        await write_more(database, many, " ".join(words[start : start + 78]), NOON)
    other = await receive(database, text="annan")
    assert await numbers(database, "början") == await numbers(database, words[0]) == [many]
    assert await numbers(database, "annan") == [other]
