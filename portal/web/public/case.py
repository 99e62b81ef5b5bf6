"""A person's own case: its state, all that is written in it, and a form to write more.

Whoever has the address can read the page, so it is sent with ``no-store``. A page with what was
typed, because the form was refused or its language changed, is the exception: the browser may
store it, for Back. Right after a message was sent, the page is its receipt.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from starlette.exceptions import HTTPException

from portal.cases.addresses import case_address, case_code
from portal.cases.messages import CaseFull, CaseNumber, Submission
from portal.cases.thread import Thread, find_thread
from portal.i18n.rendering import Renderer
from portal.storage.database import Unavailable
from portal.storage.limits import RateLimited
from portal.web.forms import CaseForm, Problem
from portal.web.headers import NO_STORE, PRIVATE
from portal.web.public.pages import FINDER, Page, page_resource
from portal.web.public.posting import REFUSALS, shown_problems, store, too_many
from portal.web.requests import Request
from portal.web.resources import Resource, redirect

ADDRESS_LIMIT = 100
"""Characters; a longer address is that of no case."""
WRITTEN = {"skrivet": "ja"}
"""The query of the page right after a further message was stored."""
WRITTEN_FOR = timedelta(minutes=10)
"""How long that query has an effect. People save the address with it, and come back later."""
NO_PATH = ("referrer-policy", "strict-origin")
"""Keeps the address, which is a secret, out of the Referer header of the next request. With
``no-referrer`` browsers would send the form with ``Origin: null``, and those without Fetch
Metadata could not write."""


async def respond(request: Request) -> Resource:
    """Show the case of an address, or store what is written in it.

    Raises:
        HTTPException: 404 when there is none, 503 when the database cannot be used, 400 or 415
            when the form cannot be read.
    """
    renderer, settings = request.renderer, request.settings
    address = request.path_params["address"]
    if len(address) > ADDRESS_LIMIT:
        raise HTTPException(404)
    try:
        now, keys = datetime.now(UTC), settings.secret_keys
        thread = await request.database.read(lambda c: find_thread(c, address, keys, now))
        if thread is None:
            raise HTTPException(404)
        case = thread.case
        present = case_address(settings.secret_key, case.number, case.address_version)
        if address != present:
            return redirect(renderer.href(f"{FINDER.slug}/{present}"), 308)
        if request.method == "POST":
            return await _receive(request, thread)
    except Unavailable:
        raise HTTPException(503) from None
    newest = thread.entries[-1]
    is_new = not newest.is_answer and now - newest.written_at < WRITTEN_FOR
    written = is_new and request.query_params.keys() >= WRITTEN.keys()
    return _page(request, thread, CaseForm(), cache=NO_STORE, written=written)


def show_again(
    address: str, renderer: Renderer, fields: Mapping[str, str], status: int
) -> Resource:
    """The form of a case, with all that was typed and the reason why it was refused.

    The case itself is not shown: perhaps it cannot be read, or the sender may not read it.

    Args:
        address: of the case, whether or not there is one.
        renderer: of the language and reading mode.
        fields: that were posted, as far as they could be read.
        status: with which the request was refused, one of ``REFUSALS``.
    """
    form = CaseForm.from_fields(fields)
    problems = [Problem("form", REFUSALS[status])]
    if status == 413:
        problems = form.problems() or problems
    page = Page(f"{FINDER.slug}/{address}", "case_message.html", {"form": form, "private": True})
    return page_resource(
        renderer, page, status=status, cache=PRIVATE, headers=[NO_PATH], problems=problems
    )


async def _receive(request: Request, thread: Thread) -> Resource:
    """Store a further message, or show the case again with what is wrong."""
    renderer, case = request.renderer, thread.case
    fields = await request.fields()
    form = CaseForm.from_fields(fields)
    if "switch" in fields:
        return _switch(request, thread, form, shown_problems(fields, form.problems()))
    if problems := form.problems():
        return _page(request, thread, form, problems, status=422)
    submission = Submission(
        text=form.message,
        email=case.email,
        kind=case.kind,
        page=case.page,
        language=renderer.language.tag,
        answer_language=case.answer_language,
    )
    try:
        await store(request, submission, CaseNumber(case.number, case.address_version))
    except RateLimited as limit:
        problems, headers = too_many(limit)
        return _page(request, thread, form, problems, status=429, headers=headers)
    except CaseFull:
        return _page(request, thread, form, [Problem("form", "full")], status=422)
    address = request.path_params["address"]
    return redirect(renderer.href(f"{FINDER.slug}/{address}", None, **WRITTEN) + "#skrivet", 303)


def _switch(
    request: Request, thread: Thread, form: CaseForm, problems: Sequence[Problem]
) -> Resource:
    """The case in another language, with all that was typed and what was wrong with it."""
    if form == CaseForm() and not problems:
        address = request.path_params["address"]
        return redirect(request.renderer.href(f"{FINDER.slug}/{address}"), 303)
    return _page(request, thread, form, problems, status=422 if problems else 200)


def _page(
    request: Request,
    thread: Thread,
    form: CaseForm,
    problems: Sequence[Problem] = (),
    *,
    status: int = 200,
    cache: str = PRIVATE,
    headers: Sequence[tuple[str, str]] = (),
    written: bool = False,
) -> Resource:
    """The page of a case; ``written`` tells that what was written last is stored."""
    key, case = request.settings.secret_key, thread.case
    values = {
        "case": case,
        "code": case_code(key, case.number, case.address_version),
        "thread": thread,
        "written": written,
        "form": form,
        "private": True,
    }
    page = Page(f"{FINDER.slug}/{request.path_params['address']}", "case.html", values)
    return page_resource(
        request.renderer,
        page,
        status=status,
        cache=cache,
        headers=[NO_PATH, *headers],
        problems=problems,
    )
