"""The inbox shows what is to be done, the longest waiting first, and costs the same with many."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from portal.cases import handling, listings
from portal.cases.handling import Step
from portal.cases.listings import Edge, Page, Selection
from portal.cases.search import fold_new
from portal.storage import tables
from portal.storage.database import Database
from tests.unit.cases.desk import NOON, hire, receive, step, write_more

TODAY = NOON.date() + timedelta(days=10)
SELECTION = Selection(view="new", account_id=0, today=TODAY)


async def show(
    database: Database, selection: Selection, count: int = 10, edge: Edge | None = None
) -> Page:
    """A page of a view."""
    _, totals = await database.read(lambda c: listings.read_counts(c, selection))
    return await database.read(lambda c: listings.read_page(c, selection, totals, count, edge))


def numbers(page: Page) -> list[int]:
    """The numbers of its cases."""
    return [row.case.number for row in page.rows]


async def counts(database: Database, selection: Selection) -> dict[str, int]:
    """How many cases each view has that has any."""
    by_view, _ = await database.read(lambda c: listings.read_counts(c, selection))
    return {view: number for view, number in by_view.items() if number}


Take = Callable[[sa.Connection, Step], None]
ENDINGS: dict[str, Take] = {
    "closed": handling.close,
    "aside": lambda c, s: handling.set_aside(c, s, "spam"),
}


async def test_each_view_shows_its_cases_and_counts_them(database: Database) -> None:
    anna, bo = await hire(database, "anna"), await hire(database, "bo")
    received = [await receive(database, f"{number}") for number in range(5)]
    await step(database, received[1], anna, handling.take)
    await step(database, received[2], bo, handling.take)
    for number, (view, end) in zip(received[3:], ENDINGS.items(), strict=True):
        await step(database, number, anna, end)
        assert numbers(await show(database, replace(SELECTION, view=view))) == [number]
    mine = replace(SELECTION, view="mine", account_id=anna)
    assert numbers(await show(database, mine)) == [received[1]]
    taken = await show(database, replace(SELECTION, view="taken"))
    assert [(row.officer, row.text) for row in taken.rows] == [("Anna", "1"), ("Bo", "2")]
    assert numbers(await show(database, SELECTION)) == [received[0]]
    assert await counts(database, mine) == {
        "new": 1,
        "mine": 1,
        "taken": 2,
        "closed": 1,
        "aside": 1,
    }


async def test_a_row_has_the_first_words_in_their_language(database: Database) -> None:
    number = await receive(database, "🙂" * 400, "ar")
    await write_more(database, number, "och mer")
    (row,) = (await show(database, SELECTION)).rows
    assert (row.text, row.language) == ("🙂" * 300, "ar")
    correct = sa.update(tables.messages).values(text_language="fa")
    await database.write(lambda c: c.execute(correct) and None)
    (row,) = (await show(database, SELECTION)).rows
    assert row.language == "fa"


async def test_a_row_names_an_officer_whose_account_is_disabled(database: Database) -> None:
    anna, number = await hire(database, "anna"), await receive(database)
    await step(database, number, anna, handling.take)
    disable = sa.update(tables.accounts).values(disabled_at=NOON)
    await database.write(lambda c: c.execute(disable) and None)
    (row,) = (await show(database, replace(SELECTION, view="taken"))).rows
    assert row.officer == "Anna"


async def test_whoever_waits_longest_comes_first_also_if_another_has_it_now(
    database: Database,
) -> None:
    anna = await hire(database, "anna")
    received = [
        await receive(database, f"{days}", now=NOON + timedelta(days=days)) for days in (2, 0, 1)
    ]
    for number in received:
        await step(database, number, anna, handling.take)
    taken = await show(database, replace(SELECTION, view="taken"))
    assert [row.text for row in taken.rows] == ["0", "1", "2"]
    for number in received:
        await step(database, number, anna, handling.close)
    assert [row.text for row in (await show(database, replace(SELECTION, view="closed"))).rows] == [
        "1",
        "0",
        "2",
    ]


async def test_filters_by_language_kind_and_age_narrow_every_view(database: Database) -> None:
    arabic = await receive(database, "1", "ar", "question")
    await receive(database, "2", "ar", "praise", now=NOON + timedelta(days=9))
    await receive(database, "3", "sv", "question", now=NOON + timedelta(days=8))
    bare = await receive(database, "4", "sv")
    in_arabic = replace(SELECTION, language="ar")
    assert [row.text for row in (await show(database, in_arabic)).rows] == ["1", "2"]
    assert await counts(database, in_arabic) == {"new": 2}
    questions = replace(SELECTION, kind="question")
    assert [row.text for row in (await show(database, questions)).rows] == ["1", "3"]
    assert numbers(await show(database, replace(questions, language="ar"))) == [arabic]
    assert numbers(await show(database, replace(SELECTION, kind=""))) == [bare]
    assert numbers(await show(database, replace(SELECTION, language="fa"))) == []
    assert numbers(await show(database, replace(SELECTION, age=10))) == [arabic, bare]
    assert numbers(await show(database, replace(SELECTION, age=11))) == []
    assert len((await show(database, replace(SELECTION, age=1))).rows) == 4


async def test_a_case_is_overdue_after_the_promised_days(database: Database) -> None:
    anna = await hire(database, "anna")
    old = await receive(database, "gammalt")
    taken = await receive(database, "taget", "ar")
    await receive(database, "nytt", now=NOON + timedelta(days=9))
    await step(database, taken, anna, handling.take)
    overdue = replace(SELECTION, view="overdue", answer_days=9)
    assert numbers(await show(database, overdue)) == [old, taken]
    assert (await counts(database, overdue))["overdue"] == 2
    assert numbers(await show(database, replace(overdue, language="ar"))) == [taken]
    on_time = replace(overdue, answer_days=10)
    assert numbers(await show(database, on_time)) == []
    assert "overdue" not in await counts(database, on_time)
    assert numbers(await show(database, replace(overdue, answer_days=0))) == []


async def test_a_case_to_look_at_again_comes_on_its_day_and_once(database: Database) -> None:
    anna = await hire(database, "anna")
    number = await receive(database)
    day = date(2026, 12, 1)
    await step(database, number, anna, lambda c, s: handling.look_again(c, s, day))
    before = replace(SELECTION, view="overdue", today=day - timedelta(days=1))
    assert numbers(await show(database, before)) == []
    for overdue in (replace(before, today=day), replace(before, today=day, answer_days=3)):
        assert numbers(await show(database, overdue)) == [number]
        assert (await counts(database, overdue))["overdue"] == 1
    await step(database, number, anna, handling.close)
    assert numbers(await show(database, replace(before, today=day))) == []


async def test_a_case_whose_letter_came_back_has_a_view_of_its_own(database: Database) -> None:
    number = await receive(database, "ett", "ar")
    await receive(database, "två")
    letter = sa.insert(tables.letters).values(
        kind="received",
        case_id=number,
        recipient="nobody@example.org",
        language="ar",
        message_id="1",
        queued_at=NOON,
        not_before=NOON,
        failed_at=NOON,
    )
    await database.write(lambda c: c.execute(letter) and None)
    undelivered = replace(SELECTION, view="undelivered")
    assert numbers(await show(database, undelivered)) == [number]
    assert (await counts(database, undelivered))["undelivered"] == 1
    assert numbers(await show(database, replace(undelivered, language="sv"))) == []


@pytest.mark.parametrize("view", ["new", "closed"])
@pytest.mark.parametrize("language", ["", "ar"])
async def test_pages_are_turned_both_ways_and_no_case_is_left_out(
    database: Database, view: str, language: str
) -> None:
    anna = await hire(database, "anna")
    received = [
        await receive(database, f"{number}", "ar", "praise" if number % 2 else "")
        for number in range(7)
    ]
    if view == "closed":
        for number in received:
            await step(database, number, anna, handling.close)
        received.reverse()
    selection = replace(SELECTION, view=view, language=language)
    pages = [await show(database, selection, 3)]
    while pages[-1].next:
        pages.append(await show(database, selection, 3, pages[-1].next))
    assert [numbers(page) for page in pages] == [received[:3], received[3:6], received[6:]]
    assert pages[0].previous is None
    assert pages[2].previous
    back = await show(database, selection, 3, pages[2].previous)
    assert numbers(back) == received[3:6]
    assert back.previous
    first = await show(database, selection, 3, back.previous)
    assert numbers(first) == received[:3]
    assert first.previous is None
    assert first.next == pages[0].next


async def test_search_results_have_pages_both_ways_too(database: Database) -> None:
    for number in range(6):
        await receive(database, f"buss {number}" if number else "cykel")
    await database.write(fold_new)

    async def find(edge: Edge | None = None) -> tuple[list[str], Edge | None, Edge | None]:
        page = await database.read(lambda c: listings.read_results(c, "buss", 2, edge))
        return [row.text for row in page.rows], page.previous, page.next

    first, start, edge = await find()
    assert (first, start) == (["buss 5", "buss 4"], None)
    second, _, edge = await find(edge)
    assert second == ["buss 3", "buss 2"]
    third, back, end = await find(edge)
    assert (third, end) == (["buss 1"], None)
    again, back, edge = await find(back)
    assert again == second
    assert (await find(edge))[0] == third
    again, start, _ = await find(back)
    assert (again, start) == (first, None)


async def test_a_page_costs_the_same_however_many_cases_there_are(tmp_path: Path) -> None:
    """Every statement finds its rows by an index; none looks through a table of cases."""
    statements: list[str] = []
    database = Database(f"sqlite:///{tmp_path}/portal.db")
    database.upgrade()
    await database.start()
    await receive(database, "1", "ar", "praise")
    edge = Edge(NOON - timedelta(days=1), 1)
    with database.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.set_trace_callback(statements.append)
        for view in listings.VIEWS:
            for language in ("", "ar"):
                selection = replace(
                    SELECTION, view=view, language=language, answer_days=5, account_id=1
                )
                _, totals = listings.read_counts(connection, selection)
                listings.read_page(connection, selection, totals, 5, edge)
        raw.set_trace_callback(None)
    await database.stop()
    with closing(sqlite3.connect(tmp_path / "portal.db")) as reader:
        plans = {
            (statement, plan[3])
            for statement in statements
            if statement.startswith("SELECT") and "FROM accounts" not in statement
            for plan in reader.execute(f"EXPLAIN QUERY PLAN {statement}")
        }
    assert plans
    scans = [plan for plan in plans if re.match("SCAN (cases|messages|counts)", plan[1])]
    assert scans == []
    assert [plan for plan in plans if "ix_cases_state_since_id" in plan[1]]
    assert [plan for plan in plans if "ix_cases_state_language_kind_since_id" in plan[1]]
