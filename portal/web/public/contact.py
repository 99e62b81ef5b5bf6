"""The contact form is shown, refused with all that was typed, or accepted.

The empty form is one of the pages. This module answers when the form is opened with a
choice already made (``?kind=…&page=…``) and when it is sent. Whatever else refuses a form
that was sent, ``refused`` shows it again.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from portal.cases import messages
from portal.cases.addresses import case_address
from portal.cases.messages import CaseNumber
from portal.i18n.rendering import Renderer, Renderers
from portal.storage.database import Unavailable
from portal.storage.limits import RateLimited, sender_number
from portal.web import form_data
from portal.web.forms import ContactForm, Problem
from portal.web.headers import PRIVATE
from portal.web.public.pages import CONTACT, SLUGS, is_alongside, page_resource, requested_renderer
from portal.web.resources import Resource, ResourceResponse, redirect

REFUSALS = {400: "malformed", 403: "foreign", 413: "too-large", 500: "broken", 503: "unsaved"}
"""The reason that the form gives for each status with which a request to send it is refused."""


async def respond(request: Request) -> Response:
    """Read the form, or send it."""
    return ResourceResponse(await send(request) if request.method == "POST" else show(request))


def show(request: Request) -> Resource:
    """The form with a choice already made; without one it is a page like others."""
    form = ContactForm.from_fields(request.query_params, SLUGS)
    if not form.choice:
        query = request.scope["query_string"].decode("latin-1")
        page: Resource = request.state.edition.find(request.scope["path"], query)
        return page
    return _page(requested_renderer(request), ContactForm.from_fields(form.choice, SLUGS))


async def send(request: Request) -> Resource:
    """Store the message, or show the form again with what is wrong.

    Raises:
        HTTPException: 400 for a form that no browser sends, 415 for what is no form.
    """
    renderer = requested_renderer(request)
    content_type = request.headers.get("content-type", "")
    posted = form_data.parse(content_type, await request.body())
    if posted.is_malformed:
        raise HTTPException(400)
    fields = posted.fields
    form = ContactForm.from_fields(fields, SLUGS)
    if "switch" in fields:
        return _switch(renderer, form, with_problems="problems" in fields)
    if problems := form.problems():
        return _page(renderer, form, problems, status=422)
    try:
        case = await _store(request, form, renderer.language.tag)
    except RateLimited as limit:
        problems = [Problem("form", "too-many", limit.minutes)]
        retry_after = [("retry-after", str(limit.minutes * 60))]
        return _page(renderer, form, problems, status=429, headers=retry_after)
    except Unavailable:
        return _page(renderer, form, [Problem("form", "unsaved")], status=503)
    address = case_address(request.state.settings.secret_key, *case)
    return redirect(renderer.href(f"arende/{address}"), 303)


async def refused(
    status: int, renderers: Renderers, scope: Scope, read: Callable[[], Awaitable[bytes | None]]
) -> Resource | None:
    """The page of a form that was not received, with all that was typed and the reason.

    Args:
        status: with which the request is refused.
        renderers: of all languages.
        scope: of the request.
        read: gives the body, or None where it cannot be had.

    Returns:
        None where the request did not send this form, or cannot be read.
    """
    _, _, path = scope["path"].partition("/")
    tag, _, slug = path.partition("/")
    language = renderers.languages.get(tag)
    content_type = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
    is_sent = scope["method"] == "POST" and slug == CONTACT.slug
    if not is_sent or language is None or status not in REFUSALS:
        return None
    if (body := await read()) is None:
        return None
    try:
        fields = form_data.parse(content_type, body).fields
    except HTTPException:
        return None
    form = ContactForm.from_fields(fields, SLUGS)
    problems = [Problem("form", REFUSALS[status])]
    if status == 413:
        problems = form.problems() or problems
    return _page(renderers(language, is_alongside(scope)), form, problems, status=status)


def _switch(renderer: Renderer, form: ContactForm, with_problems: bool) -> Resource:
    """The same form in another language, with all that was typed and what was wrong with it."""
    if form.is_empty and not with_problems:
        return redirect(renderer.href("kontakt", None, **form.choice), 303)
    problems = form.problems() if with_problems else []
    return _page(renderer, form, problems, status=422 if problems else 200)


async def _store(request: Request, form: ContactForm, language: str) -> CaseNumber:
    """Store the message; gives what leads to its case."""
    settings, client = request.state.settings, request.client
    submission = messages.Submission(
        text=form.message,
        email=form.email,
        kind=form.kind,
        page=form.page,
        language=language,
        answer_language=form.wanted_language,
    )
    sender = sender_number(settings.secret_key, client.host if client else "")
    arrival = messages.Arrival(
        submission, sender, settings.messages_per_hour, staff_mailbox=settings.staff_mailbox
    )
    case: CaseNumber = await request.state.database.write_together(messages.receive_all, arrival)
    return case


def _page(
    renderer: Renderer,
    form: ContactForm,
    problems: list[Problem] | None = None,
    status: int = 200,
    headers: list[tuple[str, str]] | None = None,
) -> Resource:
    """The page of the form with all that was typed."""
    values: dict[str, Any] = {"form": form, "problems": problems or (), "query": form.choice}
    return page_resource(
        renderer, CONTACT, status=status, cache=PRIVATE, headers=headers or (), **values
    )
