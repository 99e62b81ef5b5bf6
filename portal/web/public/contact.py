"""The contact form is shown, refused with all that was typed, or accepted.

The empty form is one of the pages. This module answers when the form is opened with a
choice already made (``?kind=…&page=…``) and when it is sent.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from portal.cases import messages
from portal.i18n.rendering import Renderer
from portal.storage.database import Unavailable
from portal.storage.limits import RateLimited, sender_number
from portal.web import form_data
from portal.web.forms import ContactForm, Problem
from portal.web.headers import NO_STORE
from portal.web.public.pages import CONTACT, SLUGS, page_resource, requested_renderer
from portal.web.resources import ResourceResponse, redirect


async def respond(request: Request) -> Response:
    """Read the form, or send it."""
    return await (send if request.method == "POST" else show)(request)


async def show(request: Request) -> Response:
    """The form with a choice already made."""
    query = request.query_params
    choice = {name: query[name] for name in ("kind", "page") if name in query}
    return _page(requested_renderer(request), ContactForm.from_fields(choice, SLUGS))


async def send(request: Request) -> Response:
    """Store the message, or show the form again with what is wrong.

    Raises:
        HTTPException: for a body that is no form, as ``form_data.parse`` says.
    """
    renderer = requested_renderer(request)
    content_type = request.headers.get("content-type", "")
    fields = form_data.parse(content_type, await request.body())
    form = ContactForm.from_fields(fields, SLUGS)
    if "switch" in fields:
        return _switch(renderer, form, with_problems="problems" in fields)
    if problems := form.problems():
        return _page(renderer, form, problems, status=422)
    try:
        code = await _store(request, form, renderer.language.tag)
    except RateLimited as limit:
        problems = [Problem("form", "too-many", limit.minutes)]
        retry_after = [("retry-after", str(limit.minutes * 60))]
        return _page(renderer, form, problems, status=429, headers=retry_after)
    except Unavailable:
        return _page(renderer, form, [Problem("form", "unsaved")], status=503)
    return ResourceResponse(redirect(renderer.href(f"arende/{code}"), 303))


def _switch(renderer: Renderer, form: ContactForm, with_problems: bool) -> Response:
    """The same form in another language, with all that was typed and what was wrong with it."""
    if form.is_empty and not with_problems:
        return ResourceResponse(redirect(renderer.href("kontakt", None, **form.choice), 303))
    problems = form.problems() if with_problems else []
    return _page(renderer, form, problems, status=422 if problems else 200)


async def _store(request: Request, form: ContactForm, language: str) -> str:
    """Store the message; gives the code of its case."""
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
    arrival = messages.Arrival(submission, sender, settings.messages_per_hour)
    code: str = await request.state.database.write_together(messages.receive_all, arrival)
    return code


def _page(
    renderer: Renderer,
    form: ContactForm,
    problems: list[Problem] | None = None,
    status: int = 200,
    headers: list[tuple[str, str]] | None = None,
) -> Response:
    """The page of the form with all that was typed."""
    values: dict[str, Any] = {"form": form, "problems": problems or (), "query": form.choice}
    page = page_resource(
        renderer, CONTACT, status=status, cache=NO_STORE, headers=headers or (), **values
    )
    return ResourceResponse(page)
