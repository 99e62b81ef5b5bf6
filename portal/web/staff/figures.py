"""The work in figures: what came in, how soon it was answered, what is open.

No figure is about a person. All are running totals, so the page counts nothing.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from portal.cases import figures
from portal.cases.figures import ANSWERED_LATER, ANSWERED_WITHIN, OPEN, RECEIVED, STATES
from portal.web.requests import Request
from portal.web.resources import Resource
from portal.web.staff.access import staff_page

AGES = ((0, "I dag"), (3, "1–3 dagar"), (7, "4–7 dagar"), (14, "8–14 dagar"), (30, "15–30 dagar"))
OLDER = "Mer än 30 dagar"
ANSWERED = {
    ANSWERED_WITHIN[1]: "Samma dag eller dagen efter",
    ANSWERED_WITHIN[3]: "2–3 dagar",
    ANSWERED_WITHIN[7]: "4–7 dagar",
    ANSWERED_WITHIN[14]: "8–14 dagar",
    ANSWERED_WITHIN[30]: "15–30 dagar",
    ANSWERED_LATER: "Mer än 30 dagar",
}


class Period(NamedTuple):
    """A period that the page covers, and how it is divided into bars."""

    name: str
    days: int
    step: int
    """Days that one bar shows."""
    rows: int
    """The most bars in one table; the rest begin another."""


PERIODS = {
    "4": Period("De senaste fyra veckorna", 28, 1, 14),
    "52": Period("Det senaste året", 364, 7, 18),
}
"""By the number of weeks, as in the query parameter ``veckor``."""


@dataclass(frozen=True)
class Bar:
    """A bar of a chart, and a row of its table."""

    label: str
    """Words, a language tag, a kind or a state, or a day as ISO 8601 writes it."""
    number: int
    share: float
    """Of the longest bar, in per cent."""

    @property
    def day(self) -> date:
        """The day that it begins with, where the label is one."""
        return date.fromisoformat(self.label)


async def show(request: Request) -> Resource:
    """The page of a period."""
    weeks = request.query_params.get("veckor", "")
    period = PERIODS.get(weeks, PERIODS["4"])
    today = figures.swedish_day(datetime.now(UTC))
    values = await request.database.read(lambda c: _read(c, period, today))
    return staff_page(
        request, "figures.html", periods=PERIODS, period=period, today=today, **values
    )


def _read(connection: Any, period: Period, today: date) -> dict[str, Any]:
    """The bars of the page, by the names in its template."""
    first = today - timedelta(period.days - 1)
    totals = partial(figures.totals, connection)
    by_day = totals([RECEIVED], first, "day")
    answered = totals([*ANSWERED], first, "name")
    waiting = totals([OPEN], date.min, "day")
    states = Counter[str]()
    for figure, number in figures.by_state(connection).items():
        states[figure.name] += number
    steps = _steps({day: number for (day,), number in by_day.items()}, first, period)
    return {
        "total": sum(by_day.values()),
        "days": _bars(steps),
        "languages": _bars(_largest_first(totals([RECEIVED], first, "language"))),
        "kinds": _bars(_largest_first(totals([RECEIVED], first, "kind"))),
        "answered": _bars((label, answered.get((name,), 0)) for name, label in ANSWERED.items()),
        "ages": _bars(_by_age({day: number for (day,), number in waiting.items()}, today)),
        "states": _bars((state, states[state]) for state in STATES),
    }


def _steps(by_day: dict[str, int], first: date, period: Period) -> Iterable[tuple[str, int]]:
    """What came in each step of a period, by the first day of the step."""
    for start in range(0, period.days, period.step):
        days = [(first + timedelta(start + day)).isoformat() for day in range(period.step)]
        yield days[0], sum(by_day.get(day, 0) for day in days)


def _largest_first(numbers: dict[tuple[str, ...], int]) -> Iterable[tuple[str, int]]:
    return sorted(((key[0], number) for key, number in numbers.items()), key=lambda bar: -bar[1])


def _by_age(waiting: dict[str, int], today: date) -> Iterable[tuple[str, int]]:
    """Open cases by the days that they have waited."""
    ages: Counter[str] = Counter()
    for day, number in waiting.items():
        days = (today - date.fromisoformat(day)).days
        ages[next((label for limit, label in AGES if days <= limit), OLDER)] += number
    return [(label, ages[label]) for label in (*(label for _, label in AGES), OLDER)]


def _bars(pairs: Iterable[tuple[str, int]]) -> list[Bar]:
    numbers = [*pairs]
    longest = max((number for _, number in numbers), default=0) or 1
    return [Bar(label, number, round(100 * number / longest, 1)) for label, number in numbers]
