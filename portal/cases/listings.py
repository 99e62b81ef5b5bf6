"""The views of the inbox, and what a search finds, page by page.

A page begins after the last case of the page before, so each page costs the same, however
many cases there are. Rows are read in the order of an index, by several queries (streams) whose
rows are merged: one for each state of the view or, with a filter by language or kind, for each
matching pair that has cases according to the figures. Only cases with an undelivered letter and
those to look at again, which are few, are sorted.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from portal.cases import figures, outbox, search
from portal.cases.figures import OPEN_STATES, Figure
from portal.cases.messages import Case, case_of
from portal.content.hours import ZONE
from portal.storage.tables import Moment, accounts, cases, messages

VIEWS = (
    *("new", "mine", "taken", "waiting", "overdue", "undelivered"),
    *("answered", "closed", "aside"),
)
"""All states, and further views: one's own cases, those that should be looked at, and those
whose guardian could not be sent a letter."""
DONE = frozenset({"answered", "closed", "aside"})
"""Views that begin with the most recently changed cases; others begin with the longest wait."""
COUNT_LIMIT = 1000
"""Views without a running total are counted by a query, which stops at this number."""
EXCERPT = 300
"""Characters of a text that are read for a row."""


class Edge(NamedTuple):
    """The case after which a page begins or, when paging backwards, before which it ends."""

    since: datetime
    number: int
    backwards: bool = False


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which cases are shown to whom."""

    view: str
    account_id: int
    today: date
    """In Sweden."""
    answer_days: int = 0
    """Days within which an answer is promised; with 0 no case is overdue by itself."""
    language: str = ""
    """Of the cases; any when empty."""
    kind: str | None = None
    """Of the cases; any when None."""
    age: int = 0
    """The minimum age of the cases, in days."""

    def includes(self, figure: Figure) -> bool:
        """Whether a figure counts cases of the languages and kinds that are shown."""
        return self.language in {"", figure.language} and self.kind in {None, figure.kind}

    @property
    def is_narrowed(self) -> bool:
        """Whether only one language or kind is shown."""
        return bool(self.language) or self.kind is not None

    @property
    def due(self) -> date:
        """As ``figures.due_day`` gives it."""
        return figures.due_day(self.today, self.answer_days)


@dataclass(frozen=True)
class Row:
    """A case as a line of the inbox."""

    case: Case
    text: str
    """The beginning of its first message."""
    language: str
    """Of that text."""
    officer: str
    """The name of its officer; empty if it has none."""


@dataclass(frozen=True)
class Page:
    """Some rows, and where the previous and the next page begin."""

    rows: Sequence[Row]
    previous: Edge | None = None
    next: Edge | None = None


def read_counts(
    connection: sa.Connection, selection: Selection
) -> tuple[dict[str, int], Counter[Figure]]:
    """How many cases of any age each view has; counting by a query stops at ``COUNT_LIMIT``.

    Returns:
        the numbers by view, and the figures by state, as ``read_page`` takes them.
    """
    totals = figures.by_state(connection)
    numbers = dict.fromkeys(VIEWS, 0)
    for figure, number in totals.items():
        if selection.includes(figure):
            numbers[figure.name] += number
    if selection.answer_days:
        numbers["overdue"] = figures.open_before(
            connection, selection.due, selection.language, selection.kind
        )
    ageless = replace(selection, age=0)
    for view, streams in (
        ("mine", [*_mine(ageless)]),
        ("overdue", [_to_look_at(ageless)]),
        ("undelivered", [_undelivered(ageless)]),
    ):
        condition = sa.or_(*(sa.and_(*conditions) for conditions in streams))
        ids = sa.select(cases.c.id).where(condition).limit(COUNT_LIMIT)
        query = sa.select(sa.func.count()).select_from(ids.subquery())
        numbers[view] += connection.execute(query).scalar_one()
    return numbers, totals


def read_page(
    connection: sa.Connection,
    selection: Selection,
    totals: Counter[Figure],
    count: int,
    edge: Edge | None = None,
) -> Page:
    """A page of a view.

    Args:
        connection: to read with.
        selection: which cases.
        totals: the figures by state, from ``read_counts``.
        count: of rows at the most.
        edge: where the page begins; the first page when left out.
    """
    descending = (selection.view in DONE) != _is_backwards(edge)
    place = sa.tuple_(cases.c.since, cases.c.id)
    limits: list[sa.ColumnElement[bool]] = []
    if edge:
        border = sa.tuple_(sa.literal(edge.since, Moment), sa.literal(edge.number))
        limits.append(place < border if descending else place > border)
    streams = [[*stream, *limits] for stream in _streams(selection, totals)]
    following = _first(connection, streams, descending, count + 1)
    return _page(connection, following, count, edge)


def read_results(
    connection: sa.Connection, words: str, count: int, edge: Edge | None = None
) -> Page:
    """A page of what a search finds, the newest cases first.

    Args:
        connection: to read with.
        words: as ``search.search`` takes them.
        count: of rows at the most.
        edge: where the page begins; the first page when left out.
    """
    backwards = _is_backwards(edge)
    number = edge.number if edge else None
    numbers = search.search(connection, words, count + 1, number, backwards)
    order = cases.c.id if backwards else cases.c.id.desc()
    query = sa.select(cases).where(cases.c.id.in_(numbers)).order_by(order)
    following = [case_of(row) for row in connection.execute(query).mappings()]
    return _page(connection, following, count, edge)


def _is_backwards(edge: Edge | None) -> bool:
    return edge is not None and edge.backwards


def _page(
    connection: sa.Connection, following: Sequence[Case], count: int, edge: Edge | None
) -> Page:
    """The page of some cases.

    Args:
        connection: to read with.
        following: the cases from the edge on, in the direction of paging; one more than the
            page can show if there is another page.
        count: of rows at the most.
        edge: where the page begins.
    """
    backwards = _is_backwards(edge)
    has_more, shown = len(following) > count, following[:count]
    if not shown:
        return Page(())
    if backwards:
        shown = shown[::-1]
    first, last = (Edge(case.since, case.number) for case in (shown[0], shown[-1]))
    return Page(
        _rows(connection, shown),
        previous=first._replace(backwards=True) if (has_more if backwards else edge) else None,
        next=last if backwards or has_more else None,
    )


Conditions = list[sa.ColumnElement[bool]]


def _streams(selection: Selection, totals: Counter[Figure]) -> Iterator[Conditions]:
    """The conditions of the streams of a view: no case meets the conditions of two streams."""
    view = selection.view
    if view == "mine":
        yield from _mine(selection)
    elif view == "undelivered":
        yield _undelivered(selection)
    elif view == "overdue":
        yield _to_look_at(selection)
        for state in sorted(OPEN_STATES):
            for stream in _of_state(selection, state, totals):
                yield [*stream, cases.c.since < _midnight(selection.due)]
    else:
        yield from _of_state(selection, view, totals)


def _of_state(selection: Selection, state: str, totals: Counter[Figure]) -> Iterator[Conditions]:
    in_state = [cases.c.state == state, *_age(selection)]
    if not selection.is_narrowed:
        yield in_state
        return
    for figure, number in totals.items():
        if figure.name == state and number and selection.includes(figure):
            yield [
                *in_state,
                cases.c.language == figure.language,
                cases.c.kind == figure.kind,
            ]


def _mine(selection: Selection) -> Iterator[Conditions]:
    """One's own cases that are not answered yet."""
    for state in ("taken", "waiting"):
        yield [
            cases.c.officer_id == selection.account_id,
            cases.c.state == state,
            *_narrowing(selection),
        ]


def _to_look_at(selection: Selection) -> Conditions:
    """Cases whose day to look again has come, but not those that are overdue anyway."""
    is_overdue = sa.and_(cases.c.state.in_(OPEN_STATES), cases.c.since < _midnight(selection.due))
    return [
        cases.c.look_again_on <= selection.today.isoformat(),
        sa.not_(is_overdue),
        *_narrowing(selection),
    ]


def _undelivered(selection: Selection) -> Conditions:
    return [cases.c.id.in_(outbox.undelivered_cases()), *_narrowing(selection)]


def _narrowing(selection: Selection) -> Conditions:
    conditions = _age(selection)
    if selection.language:
        conditions.append(cases.c.language == selection.language)
    if selection.kind is not None:
        conditions.append(cases.c.kind == selection.kind)
    return conditions


def _age(selection: Selection) -> Conditions:
    if not selection.age:
        return []
    return [cases.c.since < _midnight(selection.today - timedelta(selection.age - 1))]


def _midnight(day: date) -> datetime:
    """When a day begins in Sweden."""
    return datetime.combine(max(day, date(1900, 1, 1)), time(), ZONE)


def _first(
    connection: sa.Connection, streams: Sequence[Conditions], descending: bool, count: int
) -> list[Case]:
    """The first cases of several streams.

    Whole rows are read only for these; in most views an index alone decides which they are.
    """
    if not streams:
        return []

    def first(places: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> sa.Subquery:
        columns = [places.c.since, places.c.id]
        order = [column.desc() if descending else column for column in columns]
        return sa.select(*columns).where(*conditions).order_by(*order).limit(count).subquery()

    merged = sa.union_all(*(sa.select(first(cases, *stream)) for stream in streams))
    places = first(merged.subquery())
    query = sa.select(cases).join(places, cases.c.id == places.c.id)
    rows = connection.execute(query).mappings()
    return sorted(
        map(case_of, rows), key=lambda case: (case.since, case.number), reverse=descending
    )


def _rows(connection: sa.Connection, shown: Sequence[Case]) -> list[Row]:
    """Read the beginning of the first message of each case, and the names of the officers."""
    numbers = [case.number for case in shown]
    first = sa.select(sa.func.min(messages.c.id)).where(messages.c.case_id.in_(numbers))
    query = sa.select(
        messages.c.case_id,
        sa.func.substr(messages.c.text, 1, EXCERPT).label("text"),
        sa.func.coalesce(messages.c.text_language, messages.c.language).label("language"),
    ).where(messages.c.id.in_(first.group_by(messages.c.case_id)))
    texts = {row.case_id: row for row in connection.execute(query)}
    names: dict[int, str] = {}
    if any(case.officer_id for case in shown):
        everybody = sa.select(*accounts.c["id", "full_name"])
        names = dict(connection.execute(everybody).all())
    return [
        Row(
            case,
            texts[case.number].text,
            texts[case.number].language,
            names.get(case.officer_id or 0, ""),
        )
        for case in shown
    ]
