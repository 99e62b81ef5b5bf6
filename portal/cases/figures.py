"""Figures that are kept, not counted: how many cases there are of each kind.

Each is changed in the transaction that changes what it counts, so a page of figures costs
the same with a million cases as with ten.
"""

from collections import Counter
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa

CASES = "cases"
"""The name of the count that numbers cases; it never falls."""
RECEIVED = "received"
"""Messages of a day, by the language they were written in and the kind of their case."""


class Figure(NamedTuple):
    """What is counted: the columns of a row of ``counts``."""

    name: str
    """``RECEIVED``, or a state of cases; answers have further names."""
    language: str
    kind: str
    day: str = ""
    """Of Sweden, as ISO 8601 writes it; empty for what has no day."""


def next_numbers(connection: sa.Connection, count: int) -> range:
    """Numbers for new cases, none of which was ever used."""
    latest: int = connection.scalar(_TAKE_NUMBERS, {"count": count}) or 0
    return range(latest - count + 1, latest + 1)


def add(connection: sa.Connection, changes: Counter[Figure]) -> None:
    """Change figures by as much as each counts."""
    if rows := [
        {**figure._asdict(), "number": number} for figure, number in changes.items() if number
    ]:
        connection.execute(_ADD, rows)


def move(connection: sa.Connection, old: Figure, new: Figure) -> None:
    """Count a case in another state."""
    add(connection, Counter({new: 1} if new == old else {old: -1, new: 1}))


def on_day(name: str, language: str, kind: str, day: date) -> Figure:
    """A figure of one day in Sweden."""
    return Figure(name, language, kind, day.isoformat())


_TAKE_NUMBERS = sa.text(
    "UPDATE counts SET number = number + :count WHERE name = 'cases' RETURNING number"
)
_ADD = sa.text(
    "INSERT INTO counts (name, day, language, kind, number)"
    " VALUES (:name, :day, :language, :kind, :number)"
    " ON CONFLICT (name, day, language, kind)"
    " DO UPDATE SET number = counts.number + excluded.number"
)
