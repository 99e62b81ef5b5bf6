"""When the telephone is answered: opening hours, and whether it is open now.

Hours are given as ``mon-fri 08:00-16:30, sat 10:00-14:00`` and are Swedish time.
On public holidays, and on the eves that Sweden keeps as if they were, nobody
answers. Where no hours are known, nothing is said.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Stockholm")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SHIFT = re.compile(
    rf"({'|'.join(DAYS)})(?:-({'|'.join(DAYS)}))? (\d\d:\d\d)-(\d\d:\d\d)", re.IGNORECASE
)
_LONGEST_BREAK = timedelta(days=14)


@dataclass(frozen=True)
class Shift:
    """The same hours on some days in a row; Monday is 0."""

    first: int
    last: int
    opens: time
    closes: time


@dataclass(frozen=True)
class Opening:
    """Whether it is open at a moment, and until when that is so."""

    is_open: bool
    changes_at: datetime


@dataclass(frozen=True)
class Hours:
    """All shifts of a week."""

    shifts: tuple[Shift, ...]

    @classmethod
    def read(cls, text: str) -> "Hours":
        """Hours as an operator writes them.

        Raises:
            ValueError: when they cannot be understood.
        """
        return cls(tuple(_shift(part.strip()) for part in text.split(",")))

    def opening(self, moment: datetime) -> Opening:
        """What holds at a moment, and when that changes."""
        local = moment.astimezone(ZONE)
        for opens, closes in self._periods(local.date()):
            if local < opens:
                return Opening(False, opens)
            if local < closes:
                return Opening(True, closes)
        return Opening(False, local + _LONGEST_BREAK)

    def _periods(self, start: date) -> Iterator[tuple[datetime, datetime]]:
        """Every time that it is open from a day on, in order."""
        for number in range(_LONGEST_BREAK.days):
            day = start + timedelta(days=number)
            if day in _holidays():
                continue
            for shift in sorted(self.shifts, key=lambda one: one.opens):
                if shift.first <= day.weekday() <= shift.last:
                    opens, closes = (
                        datetime.combine(day, at, ZONE) for at in (shift.opens, shift.closes)
                    )
                    yield opens, closes


@cache
def _holidays() -> Container[date]:
    """Sweden's; imported where hours are known, since the package has the whole world's."""
    from holidays.constants import DE_FACTO, PUBLIC
    from holidays.countries.sweden import Sweden

    return Sweden(include_sundays=False, categories=(PUBLIC, DE_FACTO))


def _shift(text: str) -> Shift:
    found = _SHIFT.fullmatch(text)
    if not found:
        raise ValueError("must be such as: mon-fri 08:00-16:30, sat 10:00-14:00")
    first, last, opens, closes = found.groups()
    shift = Shift(
        DAYS.index(first.lower()),
        DAYS.index((last or first).lower()),
        time.fromisoformat(opens),
        time.fromisoformat(closes),
    )
    if shift.first > shift.last or shift.opens >= shift.closes:
        raise ValueError("must not end before it begins")
    return shift
