"""Figures: running totals of cases, messages and first answers, by language and kind.

Each is changed in the transaction that changes what it counts, so a page of figures costs
the same with a million cases as with ten. ``differences`` compares them with a new count.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import NamedTuple

import sqlalchemy as sa

from portal.content.hours import ZONE
from portal.storage.tables import Moment, answers, cases, counts, messages

CASES = "cases"
"""The name of the figure from which new cases get their numbers; it never falls."""
RECEIVED = "received"
"""Messages received on a day, by the language of their page and the kind of their case."""
OPEN = "open"
"""Open cases, by the day on which their wait for an answer began."""
ANSWERED_WITHIN = {days: f"answered within {days}" for days in (1, 3, 7, 14, 30)}
"""Cases by how many days their first answer took, counted on the day of that answer."""
ANSWERED_LATER = "answered later"
STATES = ("new", "taken", "waiting", "answered", "closed", "aside")
"""``waiting``: the guardian was asked something. ``aside``: staff decided not to answer."""
OPEN_STATES = frozenset({"new", "taken"})
"""The states in which the guardian waits for an answer."""


class Figure(NamedTuple):
    """What is counted: the key of a row of ``counts``."""

    name: str
    """One of the names above, a state, or a name of ``cases.search``, which stores ids here."""
    language: str
    kind: str
    day: str = ""
    """A day in Sweden, in ISO 8601; empty for figures that are not of a day."""


def next_numbers(connection: sa.Connection, count: int) -> range:
    """Numbers for new cases, none of which was ever used."""
    take_numbers = compiled(_TAKE_NUMBERS, connection.dialect)
    latest: int = connection.exec_driver_sql(take_numbers, {"count": count}).scalar_one()
    return range(latest - count + 1, latest + 1)


def add(connection: sa.Connection, changes: Counter[Figure]) -> None:
    """Add changes to figures, in the writer's transaction."""
    if rows := [
        {**figure._asdict(), "number": number} for figure, number in changes.items() if number
    ]:
        connection.exec_driver_sql(compiled(_ADD, connection.dialect), rows)
    if past := [
        figure._asdict() for figure, number in changes.items() if figure.name == OPEN and number < 0
    ]:
        connection.execute(_DELETE_ZEROS, past)


def of_arrivals(
    received: Counter[tuple[str, str]], opened: Counter[tuple[str, str]], now: datetime
) -> Counter[Figure]:
    """The figures of messages that came together.

    Args:
        received: how many messages came, by language and kind.
        opened: how many of them opened a case.
        now: when they came.
    """
    changes: Counter[Figure] = Counter()
    day = swedish_day(now)
    for (language, kind), number in received.items():
        changes[on_day(RECEIVED, language, kind, day)] += number
    for (language, kind), number in opened.items():
        for figure in of_case("new", now, language, kind):
            changes[figure] += number
    return changes


def of_case(state: str, since: datetime, language: str, kind: str) -> list[Figure]:
    """The figures that count a case: its state and, if it is open, the day its wait began."""
    figures = [Figure(state, language, kind)]
    if state in OPEN_STATES:
        figures.append(on_day(OPEN, language, kind, swedish_day(since)))
    return figures


def first_answer(opened_at: datetime, visible_at: datetime, language: str, kind: str) -> Figure:
    """The figure that counts the first answer of a case, by the days that it took.

    Sending the answer adds 1 to it; taking the answer back adds -1.

    Args:
        opened_at: when the case was opened.
        visible_at: when the guardian can see the answer.
        language: of the case.
        kind: of the case.
    """
    day = swedish_day(visible_at)
    days = (day - swedish_day(opened_at)).days
    names = (name for limit, name in ANSWERED_WITHIN.items() if days <= limit)
    return on_day(next(names, ANSWERED_LATER), language, kind, day)


def on_day(name: str, language: str, kind: str, day: date) -> Figure:
    """A figure of one day in Sweden."""
    return Figure(name, language, kind, day.isoformat())


def swedish_day(moment: datetime) -> date:
    """The day that it is in Sweden at a moment."""
    return moment.astimezone(ZONE).date()


def due_day(today: date, answer_days: int) -> date:
    """The day before which the wait of every overdue case began.

    Args:
        today: in Sweden.
        answer_days: within how many days an answer is promised; 0: no case is overdue.
    """
    return today - timedelta(answer_days) if answer_days else date.min


def by_state(connection: sa.Connection) -> Counter[Figure]:
    """How many cases there are in each state, by language and kind."""
    query = sa.select(counts).where(
        counts.c.name.in_(STATES), counts.c.day == "", counts.c.number != 0
    )
    rows = connection.execute(query).all()
    return Counter({Figure(row.name, row.language, row.kind): row.number for row in rows})


def totals(
    connection: sa.Connection, names: Sequence[str], since: date, *columns: str
) -> dict[tuple[str, ...], int]:
    """The sums of figures from a day on, by some of their columns.

    Args:
        connection: to read with.
        names: of the figures.
        since: the first day.
        columns: ``name``, ``day``, ``language`` or ``kind``.
    """
    grouped = [counts.c[column] for column in columns]
    query = (
        sa.select(*grouped, sa.func.sum(counts.c.number))
        .where(counts.c.name.in_(names), counts.c.day >= since.isoformat())
        .group_by(*grouped)
    )
    rows = connection.execute(query).all()
    return {tuple(values): int(number) for *values, number in rows}


def open_before(
    connection: sa.Connection, day: date, language: str = "", kind: str | None = None
) -> int:
    """How many open cases have waited since before a day.

    Args:
        connection: to read with.
        day: of Sweden.
        language: of the cases; any when left out.
        kind: of the cases; any when left out.
    """
    query = sa.select(sa.func.coalesce(sa.func.sum(counts.c.number), 0)).where(
        counts.c.name == OPEN, counts.c.day < day.isoformat()
    )
    if language:
        query = query.where(counts.c.language == language)
    if kind is not None:
        query = query.where(counts.c.kind == kind)
    return int(connection.execute(query).scalar_one())


def differences(connection: sa.Connection) -> list[str]:
    """The figures that differ from a new count, in a line for each."""
    rows = connection.execute(sa.select(counts).where(counts.c.name.in_(_COUNTED)))
    figures = {Figure(row.name, row.language, row.kind, row.day): row.number for row in rows}
    counted = count(connection)
    lines = [
        f"{' '.join(filter(None, key))}: {figures.get(key, 0)} stored, {counted[key]} counted"
        for key in sorted({*figures, *counted})
        if figures.get(key, 0) != counted[key]
    ]
    numbered, used = _numbered(connection)
    return lines if numbered >= used else [*lines, f"cases: {numbered} numbered, {used} used"]


def recount(connection: sa.Connection) -> None:
    """Replace the figures with a new count, in the writer's transaction; ``CASES`` only rises."""
    connection.execute(sa.delete(counts).where(counts.c.name.in_(_COUNTED)))
    add(connection, count(connection))
    numbered, used = _numbered(connection)
    add(connection, Counter({Figure(CASES, "", ""): max(used - numbered, 0)}))


def _numbered(connection: sa.Connection) -> tuple[int, int]:
    """The last number that was given to a case, and the highest that a case has."""
    numbered = connection.scalar(sa.select(counts.c.number).where(counts.c.name == CASES))
    return numbered or 0, connection.scalar(sa.select(sa.func.max(cases.c.id))) or 0


def count(connection: sa.Connection) -> Counter[Figure]:
    """Count everything again; this takes some seconds for a million cases."""
    counted: Counter[Figure] = Counter()
    stream = partial(connection.execute, execution_options={"yield_per": 10_000})
    for row in stream(sa.select(*cases.c["state", "since", "language", "kind"])):
        counted.update(of_case(*row))
    for received_at, language, kind in stream(
        sa.select(messages.c.received_at, messages.c.language, cases.c.kind).join(cases)
    ):
        counted[on_day(RECEIVED, language, kind, swedish_day(received_at))] += 1
    for row in stream(_FIRST_ANSWERS):
        counted[first_answer(*row)] += 1
    return counted


@cache
def compiled(statement: sa.ClauseElement, dialect: sa.Dialect) -> str:
    """A statement as SQL; compiling takes SQLAlchemy longer than running it takes SQLite."""
    return str(statement.compile(dialect=dialect))


_COUNTED = (*STATES, RECEIVED, OPEN, *ANSWERED_WITHIN.values(), ANSWERED_LATER)
_FIRST_ANSWERS = (
    sa.select(
        cases.c.opened_at,
        sa.type_coerce(sa.func.min(answers.c.visible_at), Moment),
        *cases.c["language", "kind"],
    )
    .join(answers, answers.c.case_id == cases.c.id)
    .where(answers.c.withdrawn_at.is_(None))
    .group_by(cases.c.id)
)
# Otherwise a zero would remain for each past day, and each page of the inbox would read them all.
_DELETE_ZEROS = sa.text(
    "DELETE FROM counts WHERE name = :name AND day = :day AND language = :language"
    " AND kind = :kind AND number = 0"
)
_ADD = sa.text(
    "INSERT INTO counts (name, day, language, kind, number)"
    " VALUES (:name, :day, :language, :kind, :number)"
    " ON CONFLICT (name, day, language, kind)"
    " DO UPDATE SET number = counts.number + excluded.number"
)
# An upsert finds its row by the primary key. For an UPDATE, SQLite may scan the table if ANALYZE
# ran while the table was small.
_TAKE_NUMBERS = sa.text(
    "INSERT INTO counts (name, day, language, kind, number) VALUES ('cases', '', '', '', :count)"
    " ON CONFLICT (name, day, language, kind)"
    " DO UPDATE SET number = counts.number + excluded.number RETURNING number"
)
