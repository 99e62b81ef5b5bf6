"""What staff do with a case besides answering it: take, hand over, give back, close, set aside.

No case is locked: every officer can do all of it with every case. A form contains the revision
of the case that it shows; if the case has another one by now, nothing is changed and the
officer is told. Every step is recorded in the history with the former state of the case. The
steps in ``UNDOABLE`` can be undone; withdrawing the address cannot.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from portal.cases import history
from portal.cases.messages import Case, case_of, change_state
from portal.storage import tables
from portal.storage.tables import cases, former_addresses

REASONS = ("spam", "duplicate", "not-ours", "test", "other")
"""Why a case is set aside."""
UNDOABLE = ("take", "hand-over", "give-back", "close", "set-aside", "reopen", "look-again")
"""The steps that can be undone, as the history calls them."""
UNDO = "undo"


class Changed(Exception):
    """The case has been changed since it was shown."""


class Step(NamedTuple):
    """Something that an officer does with a case."""

    number: int
    """The number of the case."""
    revision: int
    """The revision of the case when it was shown."""
    account_id: int
    now: datetime


Action = Callable[[sa.Connection, Step], None]
"""A function below, with all arguments bound except the connection and the step."""


def take(connection: sa.Connection, step: Step) -> None:
    """Make a case one's own; one that is closed or set aside is reopened.

    This and all other steps must run in the writer's transaction.

    Raises:
        Changed: by all steps, when another change came first.
    """
    case = read_as_shown(connection, step)
    change(connection, step, case, "take", _state_of_taken(case), officer_id=step.account_id)


def hand_over(connection: sa.Connection, step: Step, officer_id: int) -> None:
    """Give a case to a colleague, by the id of their account."""
    case = read_as_shown(connection, step)
    state, colleague = _state_of_taken(case), str(officer_id)
    change(connection, step, case, "hand-over", state, colleague, officer_id=officer_id)


def give_back(connection: sa.Connection, step: Step) -> None:
    """Remove the officer from a case; a taken one becomes new again."""
    case = read_as_shown(connection, step)
    state = "new" if case.state == "taken" else case.state
    change(connection, step, case, "give-back", state, officer_id=None)


def close(connection: sa.Connection, step: Step) -> None:
    """Close a case, with or without an answer."""
    case = read_as_shown(connection, step)
    change(connection, step, case, "close", "closed", look_again_on=None)


def set_aside(connection: sa.Connection, step: Step, reason: str) -> None:
    """Set aside a case that needs no answer; it remains a public record and is not deleted.

    Raises:
        ValueError: when the reason is none of ``REASONS``.
    """
    if reason not in REASONS:
        raise ValueError(reason)
    case = read_as_shown(connection, step)
    change(connection, step, case, "set-aside", "aside", reason, look_again_on=None)


def reopen(connection: sa.Connection, step: Step) -> None:
    """Reopen a case, so that it waits for an answer again."""
    case = read_as_shown(connection, step)
    change(connection, step, case, "reopen", "taken" if case.officer_id else "new")


def look_again(connection: sa.Connection, step: Step, day: date | None) -> None:
    """List a case among the overdue ones from a day on; None removes the day."""
    case = read_as_shown(connection, step)
    look_again_on = day.isoformat() if day else None
    change(connection, step, case, "look-again", case.state, look_again_on=look_again_on)


def withdraw_address(connection: sa.Connection, step: Step) -> None:
    """Give a case a new address and code, because others may know the former ones."""
    case = read_as_shown(connection, step)
    former = former_addresses.c.case_id == step.number
    connection.execute(sa.delete(former_addresses).where(former))
    version = case.address_version + 1
    change(connection, step, case, "withdraw-address", case.state, address_version=version)


def undo(connection: sa.Connection, step: Step) -> None:
    """Undo one's own last step with a case, if nothing was changed since.

    Raises:
        Changed: when there is no such step, or another change came after it.
    """
    case = read_as_shown(connection, step)
    entry = connection.execute(_LAST_STEPS, {"numbers": [step.number]}).one_or_none()
    if entry is None or entry.account_id != step.account_id or entry.action not in UNDOABLE:
        raise Changed
    before = detail_of(entry.detail)
    if before["revision"] != str(step.revision):
        raise Changed
    change(
        connection,
        step,
        case,
        UNDO,
        before["state"],
        since=former_since(before),
        officer_id=int(before["officer"]) or None,
        look_again_on=before["again"] or None,
    )


def with_each(
    connection: sa.Connection, steps: Iterable[Step], action: Action
) -> tuple[list[int], list[int]]:
    """Take the same step with several cases.

    Returns:
        the numbers of the cases with which it was taken, and of those that were changed
        by somebody else first.
    """
    done: list[int] = []
    changed: list[int] = []
    for step in steps:
        try:
            action(connection, step)
        except Changed:
            changed.append(step.number)
        else:
            done.append(step.number)
    return done, changed


def undoable(
    connection: sa.Connection, numbers: Iterable[int], account_id: int
) -> dict[int, tuple[str, int]]:
    """Those of some cases whose last step this person took and can still undo.

    Returns:
        by the number of the case: the action, and the revision that ``undo`` takes.
    """
    query = _LAST_STEPS.add_columns(cases.c.revision).join(
        cases, cases.c.id == tables.history.c.case_id
    )
    rows = connection.execute(query, {"numbers": [*numbers]})
    return {
        row.case_id: (row.action, row.revision)
        for row in rows
        if row.account_id == account_id and row.action in UNDOABLE
        if detail_of(row.detail)["revision"] == str(row.revision)
    }


def read_as_shown(connection: sa.Connection, step: Step) -> Case:
    """The case of a step, if it is as it was shown.

    Raises:
        Changed: when another change came first.
    """
    query = sa.select(cases).where(cases.c.id == step.number, cases.c.revision == step.revision)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise Changed
    return case_of(row)


def change(
    connection: sa.Connection,
    step: Step,
    case: Case,
    action: str,
    state: str,
    reason: str = "",
    **columns: Any,
) -> None:
    """Change a case and the figures, and write to the history what the case was before.

    Args:
        connection: in the writer's transaction.
        step: who does it.
        case: as ``read_as_shown`` gives it.
        action: as the history calls it.
        state: of the case afterwards.
        reason: why it was set aside, or the id of the colleague's account or of the answer.
        columns: as ``change_state`` takes them.
    """
    change_state(connection, case, state, step.now, **columns)
    detail = (
        f"state={case.state} since={case.since.isoformat()} officer={case.officer_id or 0}"
        f" again={case.look_again_on or ''} revision={case.revision + 1} reason={reason}"
    )
    history.record(connection, step.account_id, step.number, action, detail, step.now)


def detail_of(text: str) -> dict[str, str]:
    """What ``change`` wrote to the history: the former state of a case, and its new revision."""
    return dict(word.split("=", 1) for word in text.split())


def former_since(detail: Mapping[str, str]) -> datetime | None:
    """The former ``Case.since`` of a detail; None in entries that were written without it."""
    return datetime.fromisoformat(detail["since"]) if "since" in detail else None


def _state_of_taken(case: Case) -> str:
    """The state of a case that gets an officer: unchanged if the case has been answered."""
    return case.state if case.state in {"waiting", "answered"} else "taken"


_LAST_STEPS = sa.select(*tables.history.c["case_id", "account_id", "action", "detail"]).where(
    tables.history.c.id.in_(
        sa.select(sa.func.max(tables.history.c.id))
        .where(
            tables.history.c.case_id.in_(sa.bindparam("numbers", expanding=True)),
            tables.history.c.action.in_((*UNDOABLE, UNDO)),
        )
        .group_by(tables.history.c.case_id)
    )
)
