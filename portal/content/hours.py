"""Opening hours of the telephone, and working days.

Hours are written as ``mon-fri 08:00-16:30, sat 10:00-14:00``, in Swedish time. Nobody
answers on public holidays, nor on the eves that Sweden treats as public holidays.
"""

import re
import sys
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from operator import attrgetter
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

try:
    ZONE = ZoneInfo("Europe/Stockholm")
except ZoneInfoNotFoundError:
    # Every command needs it, so all end with the same message.
    sys.exit("There is no time zone data on this machine: install the package tzdata.")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SHIFT = re.compile(
    rf"({'|'.join(DAYS)})(?:-({'|'.join(DAYS)}))? (\d\d:\d\d)-(\d\d:\d\d)", re.IGNORECASE
)
_LONGEST_BREAK = timedelta(days=60)
"""How far ahead the next opening is looked for; several Mondays in a row can be holidays."""


@dataclass(frozen=True)
class Shift:
    """The same hours on consecutive days of the week; Monday is 0."""

    first: int
    last: int
    opens: time
    closes: time


@dataclass(frozen=True)
class Opening:
    """Whether the telephone is answered at a moment, and when that changes."""

    is_open: bool
    changes_at: datetime


@dataclass(frozen=True)
class Hours:
    """The shifts of a week."""

    shifts: tuple[Shift, ...]

    @classmethod
    def read(cls, text: str) -> "Hours":
        """Parse hours as an operator writes them.

        Raises:
            ValueError: when the text has another format, or a shift ends before it begins.
        """
        return cls(tuple(_shift(part.strip()) for part in text.split(",")))

    def opening(self, moment: datetime) -> Opening:
        """Whether the telephone is answered at a moment, and when that changes."""
        local = moment.astimezone(ZONE)
        for opens, closes in self._periods(local.date()):
            if local < opens:
                return Opening(False, opens)
            if local < closes:
                return Opening(True, closes)
        return Opening(False, local + _LONGEST_BREAK)

    def _periods(self, start: date) -> Iterator[tuple[datetime, datetime]]:
        """The opening and closing times from a day on, in order."""
        for number in range(_LONGEST_BREAK.days):
            day = start + timedelta(days=number)
            if day in _holidays():
                continue
            periods: list[tuple[time, time]] = []
            for shift in sorted(self.shifts, key=attrgetter("opens")):
                if shift.first <= day.weekday() <= shift.last:
                    opens, closes = shift.opens, shift.closes
                    if periods and opens <= periods[-1][1]:  # without a break
                        opens, last_closes = periods.pop()
                        closes = max(closes, last_closes)
                    periods.append((opens, closes))
            for opens, closes in periods:
                yield datetime.combine(day, opens, ZONE), datetime.combine(day, closes, ZONE)


def is_working_day(day: date) -> bool:
    """Whether a day is a Monday to Friday that is not a holiday."""
    return day.weekday() < DAYS.index("sat") and day not in _holidays()


@cache
def _holidays() -> Container[date]:
    """The Swedish holidays; the package is slow to import, and few processes need it."""
    from holidays.constants import DE_FACTO, PUBLIC
    from holidays.countries.sweden import Sweden

    return Sweden(include_sundays=False, categories=(PUBLIC, DE_FACTO))


def _shift(text: str) -> Shift:
    match = _SHIFT.fullmatch(text)
    if not match:
        raise ValueError("must be such as: mon-fri 08:00-16:30, sat 10:00-14:00")
    first, last, opens, closes = match.groups()
    shift = Shift(
        DAYS.index(first.lower()),
        DAYS.index((last or first).lower()),
        time.fromisoformat(opens),
        time.fromisoformat(closes),
    )
    if shift.first > shift.last or shift.opens >= shift.closes:
        raise ValueError("must not end before it begins")
    return shift
