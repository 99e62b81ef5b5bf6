"""Figures are kept by the day in Sweden, and agree with what they count; on both databases."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from portal.cases import figures
from portal.cases.figures import Figure, first_answer
from portal.cases.messages import case_numbered, change_state
from portal.storage import tables
from portal.storage.database import Database
from tests.unit.cases.desk import NOON, find, hire, receive, write_more


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 7, 1, 21, 59, tzinfo=UTC), "2026-07-01"),
        (datetime(2026, 7, 1, 22, 1, tzinfo=UTC), "2026-07-02"),
        (datetime(2026, 12, 1, 22, 59, tzinfo=UTC), "2026-12-01"),
        (datetime(2026, 12, 1, 23, 1, tzinfo=UTC), "2026-12-02"),
    ],
)
async def test_a_message_counts_on_its_day_in_sweden(
    database: Database, moment: datetime, day: str
) -> None:
    await receive(database, now=moment)
    names = [figures.RECEIVED, figures.OPEN]
    by_day = await database.read(lambda c: figures.totals(c, names, date.min, "name", "day"))
    assert by_day == {("received", day): 1, ("open", day): 1}


@pytest.mark.parametrize(
    ("hours", "name"),
    [
        (0, "answered within 1"),
        (34, "answered within 1"),
        (35, "answered within 3"),
        (24 * 7, "answered within 7"),
        (24 * 8, "answered within 14"),
        (24 * 30, "answered within 30"),
        (24 * 31, "answered later"),
    ],
)
def test_a_first_answer_counts_by_the_days_that_it_took(hours: int, name: str) -> None:
    answered_at = NOON + timedelta(hours=hours)
    figure = first_answer(NOON, answered_at, "ar", "question")
    assert figure == Figure(name, "ar", "question", figures.swedish_day(answered_at).isoformat())


async def test_the_figures_agree_with_answers_and_what_is_written_later(
    database: Database,
) -> None:
    account = await hire(database, "anna")
    number = await receive(database, language="ar", kind="view")
    visible_at = NOON + timedelta(days=2)
    answer = sa.insert(tables.answers).values(
        case_id=number,
        account_id=account,
        written_at=NOON,
        visible_at=visible_at,
    )

    def send(connection: sa.Connection) -> None:
        for key in ("first", "second"):
            connection.execute(answer, {"form_key": key})
        figures.add(connection, Counter({first_answer(NOON, visible_at, "ar", "view"): 1}))
        change_state(connection, case_numbered(connection, number), "answered", visible_at)

    await database.write(send)
    await write_more(database, number, "mera", visible_at + timedelta(days=1))
    assert await database.read(figures.differences) == []
    names = ["answered within 3", figures.OPEN]
    by_day = await database.read(
        lambda c: figures.totals(c, names, date.min, "name", "day", "language")
    )
    assert await database.read(figures.by_state) == {Figure("new", "ar", "view"): 1}
    assert by_day == {
        ("answered within 3", "2026-11-26", "ar"): 1,
        ("open", "2026-11-27", "ar"): 1,
    }


async def test_sums_are_by_what_is_asked_for_and_from_a_day_on(database: Database) -> None:
    for days, language in ((0, "sv"), (1, "ar"), (1, "ar"), (2, "sv")):
        await receive(database, f"{days} {language}", language, now=NOON + timedelta(days=days))
        await receive(database, f"{days} x", "en", "praise", now=NOON + timedelta(days=days))
    second_day = date(2026, 11, 25)
    by_language = await database.read(
        lambda c: figures.totals(c, ["received"], second_day, "language")
    )
    by_state = await database.read(figures.by_state)
    waiting = await database.read(
        lambda c: [
            figures.open_before(c, second_day, language, kind)
            for language, kind in (("", None), ("sv", None), ("", "praise"), ("fa", None))
        ]
    )
    assert by_language == {("ar",): 1, ("sv",): 1, ("en",): 2}
    assert by_state.total() == 6
    assert waiting == [2, 1, 1, 0]


async def test_days_on_which_nothing_waits_any_more_are_forgotten(database: Database) -> None:
    number = await receive(database)
    case = await find(database, number)
    await database.write(lambda c: change_state(c, case, "closed", NOON))
    query = sa.select(tables.counts.c.name).where(tables.counts.c.name == figures.OPEN)
    assert await database.read(lambda c: c.execute(query).all()) == []


async def test_a_case_above_the_numbers_given_is_a_difference(database: Database) -> None:
    await receive(database)
    lower = sa.update(tables.counts).where(tables.counts.c.name == "cases").values(number=0)
    await database.write(lambda c: c.execute(lower) and None)
    assert await database.read(figures.differences) == ["cases: 0 numbered, 1 used"]
