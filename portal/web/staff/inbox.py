"""The inbox: views of cases, filters and a search, and what is done with several at once.

Everything is a link or a plain form. What was done is shown after a redirect, so loading the
page again repeats nothing, and it can be undone from there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from portal.cases import handling, listings, references
from portal.cases.figures import OPEN_STATES, swedish_day
from portal.cases.handling import REASONS, Action, Step
from portal.cases.listings import VIEWS, Edge, Selection
from portal.cases.messages import KINDS
from portal.i18n.languages import is_tag
from portal.web.form_data import moment, number
from portal.web.requests import Request
from portal.web.resources import Resource, redirect
from portal.web.staff.access import INBOX, staff_page

ROWS = 25
"""Cases on a page."""
AGES = (1, 3, 7, 14, 30)
"""The least ages, in days, that the filter offers."""
NO_KIND = "none"
"""The value of the query parameter ``kind`` for cases without a kind."""
QUERY_LIMIT = 200
"""Characters of a search that are read."""
EXCERPT = 120
"""Characters of a message that a row shows."""

BULK_ACTIONS: Mapping[str, Action] = {
    "take": handling.take,
    "give-back": handling.give_back,
    "close": handling.close,
    **{f"set-aside-{reason}": partial(handling.set_aside, reason=reason) for reason in REASONS},
    handling.UNDO: handling.undo,
}
"""What can be done with several cases, by the value of the field ``action``."""


@dataclass(frozen=True)
class Place:
    """A page of the inbox, as addresses and hidden fields name it."""

    view: str = "new"
    language: str = ""
    kind: str = ""
    """As in addresses: empty for any."""
    age: int = 0
    q: str = ""
    """What is searched for; empty when a view is shown."""
    after: str = ""
    """The edge after which the page begins."""
    before: str = ""
    """The edge before which the page ends, when paging backwards."""

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> "Place":
        """The place that an address or a form names; invalid values are ignored."""
        names = ("view", "language", "kind", "age")
        view, language, kind, age = (fields.get(name, "") for name in names)
        return cls(
            view=view if view in VIEWS else cls.view,
            language=language if is_tag(language) else "",
            kind=kind if kind in {*KINDS, NO_KIND} else "",
            age=int(age) if age in map(str, AGES) else 0,
            q=" ".join(fields.get("q", "")[:QUERY_LIMIT].split()),
            after=fields.get("after", ""),
            before=fields.get("before", ""),
        )

    @property
    def fields(self) -> dict[str, str]:
        """The fields of a form that name it, without empty ones."""
        return {name: str(value) for name, value in vars(self).items() if value}

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter leaves cases out."""
        return bool(self.language or self.kind or self.age)

    def address(self, **changes: Any) -> str:
        """The address of this place with changes; of its first page, unless they name an edge."""
        place = replace(self, **{"after": "", "before": "", **changes})
        query = place.fields
        if place.view == Place.view:
            query.pop("view")
        return f"{INBOX}?{urlencode(query)}" if query else INBOX


async def respond(request: Request) -> Resource:
    """Show the inbox, or do something with the chosen cases."""
    if request.method != "POST":
        return await show(request, Place.from_fields(request.query_params))
    fields = await request.fields()
    place = Place.from_fields(fields)
    action = BULK_ACTIONS.get(fields.get("action", ""))
    chosen = _chosen(fields)
    if action is None or not chosen:
        problem = "no-action" if chosen else "no-case"
        return await show(request, place, problem=problem, chosen=chosen, status=422)
    return await _handle(request, place, action, chosen)


async def show(
    request: Request,
    place: Place,
    problem: str = "",
    chosen: Mapping[int, int] | None = None,
    status: int = 200,
) -> Resource:
    """A page of the inbox.

    Args:
        request: of an officer who is signed in.
        place: the view, the filters and the page.
        problem: why nothing was done; selects words of the template.
        chosen: cases that are chosen already, by their numbers.
        status: the HTTP status.
    """
    selection = _selection(request, place)
    done = [*filter(None, map(references.number, request.query_params.get("done", "").split(".")))]
    values = await request.database.read(lambda c: _read(c, place, selection, done[:ROWS]))
    return staff_page(
        request,
        "inbox.html",
        status=status,
        place=place,
        selection=selection,
        most=listings.COUNT_LIMIT,
        missed=number(request.query_params.get("missed", "")),
        undone=number(request.query_params.get("undone", "")),
        problem=problem,
        chosen=chosen or {},
        kinds=(*KINDS, NO_KIND),
        ages=AGES,
        reasons=REASONS,
        **values,
    )


def _read(
    connection: Any, place: Place, selection: Selection, done: Sequence[int]
) -> dict[str, Any]:
    """What the page shows of the cases, by the names in its template."""
    counts, totals = listings.read_counts(connection, selection)
    if place.q:
        page = listings.read_results(connection, place.q, ROWS, _edge(place))
    else:
        page = listings.read_page(connection, selection, totals, ROWS, _edge(place))
    undoable = handling.undoable(connection, done, selection.account_id) if done else {}
    return {
        "counts": counts,
        "languages_used": sorted({figure.language for figure in totals} - {""}),
        "rows": [_shown(row, selection) for row in page.rows],
        "previous": page.previous and place.address(before=_edge_text(page.previous)),
        "next": page.next and place.address(after=_edge_text(page.next)),
        "undoable": {references.reference(n): step for n, step in undoable.items()},
    }


async def _handle(
    request: Request, place: Place, action: Action, chosen: Mapping[int, int]
) -> Resource:
    """Do something with cases, then show where they were and what was done."""
    account, now = request.state.account, datetime.now(UTC)
    steps = [Step(case, revision, account.id, now) for case, revision in chosen.items()]

    job = partial(handling.with_each, steps=steps, action=action)
    done, changed = await request.database.write(job)
    result: dict[str, Any] = {"missed": len(changed)}
    if action is handling.undo:
        result["undone"] = len(done)
    elif done:
        result["done"] = ".".join(map(references.reference, done))
    address = place.address(after=place.after, before=place.before)
    query = urlencode({name: value for name, value in result.items() if value})
    return redirect(f"{address}{'&' if '?' in address else '?'}{query}", 303)


def _selection(request: Request, place: Place) -> Selection:
    return Selection(
        view=place.view,
        account_id=request.state.account.id,
        today=swedish_day(datetime.now(UTC)),
        answer_days=request.settings.confirmed.answer_days,
        language=place.language,
        kind="" if place.kind == NO_KIND else place.kind or None,
        age=place.age,
    )


def _chosen(fields: Mapping[str, str]) -> dict[int, int]:
    """The cases that were chosen in a form, with the revisions that it showed."""
    pairs = (
        (references.number(name.removeprefix("case-")), number(value))
        for name, value in fields.items()
        if name.startswith("case-")
    )
    return {case: revision for case, revision in pairs if case and revision}


def _edge(place: Place) -> Edge | None:
    """The edge that an address names, or None for the first page."""
    text = place.before or place.after
    since, _, case_number = text.partition("_")
    at = moment(since)
    return Edge(at, number(case_number), backwards=bool(place.before)) if at else None


def _edge_text(edge: Edge) -> str:
    return f"{edge.since.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}_{edge.number}"


def _shown(row: listings.Row, selection: Selection) -> dict[str, Any]:
    """The values of a row of the table."""
    case = row.case
    words = " ".join(row.text.split())
    excerpt = words[:EXCERPT]
    waits_since = swedish_day(case.since)
    return {
        "case": case,
        "officer": row.officer,
        "language": row.language,
        "excerpt": excerpt if excerpt == words else f"{excerpt.rstrip()} …",
        "days": (selection.today - waits_since).days,
        "is_overdue": case.state in OPEN_STATES and waits_since < selection.due,
        "is_due_again": (case.look_again_on or "9999") <= selection.today.isoformat(),
    }
