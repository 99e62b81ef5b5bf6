"""What all forms of the public share: who sent them, storing a message, the wait after too many."""

from collections.abc import Mapping
from time import monotonic

from portal.cases.messages import Arrival, CaseNumber, Submission, receive_all
from portal.storage.limits import RateLimited, sender_number
from portal.web.form_data import number
from portal.web.forms import Problem
from portal.web.requests import Request

REFUSALS = {
    400: "malformed",
    403: "foreign",
    404: "gone",
    413: "too-large",
    500: "broken",
    503: "unsaved",
}
"""The reason that is shown on a form, by the status with which its request was refused."""


SHOWN_AGAIN = frozenset({*REFUSALS.values(), "too-many", "no-match", "full"})
"""The reasons that are shown again on a form in another language. Problems of fields are not among
them, because the fields are checked again."""


def shown_problems(fields: Mapping[str, str], problems: list[Problem]) -> list[Problem]:
    """The problems of a form that is shown in another language.

    Args:
        fields: as posted. The hidden field ``problems`` has the reason that a refused form showed,
            or ``shown`` if only fields were wrong.
        problems: what is wrong with the form itself.
    """
    shown = fields.get("problems")
    if shown is None:
        return []
    reason, _, count = shown.partition(" ")
    if problems or reason not in SHOWN_AGAIN:
        return problems
    return [Problem("form", reason, number(count))]


def sender_of(request: Request) -> int:
    """The sender of a request as ``storage.limits`` counts senders."""
    client = request.client
    return sender_number(request.settings.secret_key, client.host if client else "")


async def store(
    request: Request, submission: Submission, case: CaseNumber | None = None
) -> CaseNumber:
    """Store a message; returns the number and version of its case.

    Args:
        request: that sent it.
        submission: the message.
        case: in which it is written; None where it opens one.

    Raises:
        RateLimited: when its sender must wait.
        CaseFull: when the case has as many messages as it can have.
        Unavailable: when it could not be stored.
    """
    settings = request.settings
    arrival = Arrival(
        submission, sender_of(request), settings.messages_per_hour, case, settings.staff_mailbox
    )
    begun = monotonic()
    stored: CaseNumber = await request.database.write_together(receive_all, arrival)
    request.metrics.observe("portal_accept_seconds", monotonic() - begun)
    return stored


def too_many(limit: RateLimited) -> tuple[list[Problem], list[tuple[str, str]]]:
    """The problem and the header of a response to a sender who must wait."""
    return [Problem("form", "too-many", limit.minutes)], [("retry-after", str(limit.minutes * 60))]
