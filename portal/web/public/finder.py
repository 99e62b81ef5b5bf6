"""A person who has the reference and code of a case on paper is led to its page.

All pairs that do not fit get one answer, so nobody learns which references there are.
"""

from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException

from portal.cases.addresses import case_address
from portal.cases.thread import find_by_code
from portal.i18n.rendering import Renderer
from portal.storage.database import Unavailable
from portal.storage.limits import RateLimited
from portal.web.forms import FinderForm, Problem
from portal.web.headers import PRIVATE
from portal.web.public.pages import FINDER, page_resource
from portal.web.public.posting import REFUSALS, sender_of, shown_problems, too_many
from portal.web.requests import Request
from portal.web.resources import Resource, redirect


async def respond(request: Request) -> Resource:
    """Show the form, or lead to the case that it names.

    Raises:
        HTTPException: 503 when the database cannot be used, 400 or 415 when the form cannot be
            read.
    """
    if request.method == "POST":
        try:
            return await _lead(request)
        except Unavailable:
            raise HTTPException(503) from None
    return request.page()


def show_again(renderer: Renderer, fields: Mapping[str, str], status: int) -> Resource:
    """The form that was refused, with all that was typed and the reason.

    Args:
        renderer: of the language and reading mode.
        fields: that were posted, as far as they could be read.
        status: with which the request was refused, one of ``REFUSALS``.
    """
    problems = [Problem("form", REFUSALS[status])]
    return _page(renderer, FinderForm.from_fields(fields), problems, status=status)


async def _lead(request: Request) -> Resource:
    """Lead to the case, or show the form again with what is wrong."""
    renderer, fields = request.renderer, await request.fields()
    form = FinderForm.from_fields(fields)
    if "switch" in fields:
        problems = shown_problems(fields, form.problems())
        if form == FinderForm() and not problems:
            return redirect(renderer.href(FINDER.slug), 303)
        return _page(renderer, form, problems, status=422 if problems else 200)
    if problems := form.problems():
        return _page(renderer, form, problems, status=422)
    settings = request.settings
    try:
        case = await find_by_code(
            request.database,
            form.reference,
            form.code,
            settings.secret_keys,
            sender_of(request),
        )
    except RateLimited as limit:
        problems, headers = too_many(limit)
        return _page(renderer, form, problems, status=429, headers=headers)
    if case is None:
        return _page(renderer, form, [Problem("form", "no-match")], status=422)
    address = case_address(settings.secret_key, case.number, case.address_version)
    return redirect(renderer.href(f"{FINDER.slug}/{address}"), 303)


def _page(
    renderer: Renderer,
    form: FinderForm,
    problems: Sequence[Problem] = (),
    status: int = 200,
    headers: Sequence[tuple[str, str]] = (),
) -> Resource:
    """The page of the form with what was typed."""
    return page_resource(
        renderer,
        FINDER,
        status=status,
        cache=PRIVATE,
        headers=headers,
        form=form,
        problems=problems,
    )
