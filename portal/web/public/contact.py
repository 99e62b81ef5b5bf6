"""The contact form is shown, shown again with all that was typed, or accepted.

The empty form is one of the pages. This module answers when the form is opened with a
choice already made (``?kind=…&page=…``) and when it is sent.
"""

from collections.abc import Mapping
from typing import Any

from portal.cases.addresses import case_address
from portal.cases.messages import Submission
from portal.i18n.rendering import Renderer
from portal.storage.database import Unavailable
from portal.storage.limits import RateLimited
from portal.web.forms import ContactForm, Problem
from portal.web.headers import PRIVATE
from portal.web.public.pages import CONTACT, FINDER, SLUGS, page_resource
from portal.web.public.posting import REFUSALS, shown_problems, store, too_many
from portal.web.requests import Request
from portal.web.resources import Resource, redirect

QUERY_LIMIT = 1000
"""The longest query that is read, in bytes; our own links have at most 66."""


async def respond(request: Request) -> Resource:
    """Show the form, or accept it."""
    return await accept(request) if request.method == "POST" else show(request)


def show(request: Request) -> Resource:
    """The form with a choice already made; without one it is a page like others."""
    if len(request.scope["query_string"]) > QUERY_LIMIT:
        return request.page()
    form = ContactForm.from_fields(request.query_params, SLUGS)
    if not form.choice:
        return request.page()
    return _page(request.renderer, ContactForm.from_fields(form.choice, SLUGS))


async def accept(request: Request) -> Resource:
    """Store the message, or show the form again with what is wrong.

    Raises:
        HTTPException: 400 for a form that none of our pages sends, 415 for what is no form.
    """
    renderer, fields = request.renderer, await request.fields()
    form = ContactForm.from_fields(fields, SLUGS)
    if "switch" in fields:
        return _switch(renderer, form, shown_problems(fields, form.problems()))
    if problems := form.problems():
        return _page(renderer, form, problems, status=422)
    submission = Submission(
        text=form.message,
        email=form.email,
        kind=form.kind,
        page=form.page,
        language=renderer.language.tag,
        answer_language=form.wanted_language,
    )
    try:
        case = await store(request, submission)
    except RateLimited as limit:
        problems, headers = too_many(limit)
        return _page(renderer, form, problems, status=429, headers=headers)
    except Unavailable:
        return _page(renderer, form, [Problem("form", "unsaved")], status=503)
    address = case_address(request.settings.secret_key, *case)
    return redirect(renderer.href(f"{FINDER.slug}/{address}"), 303)


def show_again(renderer: Renderer, fields: Mapping[str, str], status: int) -> Resource:
    """The page of a form that was refused, with all that was typed and the reason.

    Args:
        renderer: of the language and reading mode.
        fields: that were posted, as far as they could be read.
        status: with which the request was refused, one of ``REFUSALS``.
    """
    form = ContactForm.from_fields(fields, SLUGS)
    problems = [Problem("form", REFUSALS[status])]
    if status == 413:
        problems = form.problems() or problems
    return _page(renderer, form, problems, status=status)


def _switch(renderer: Renderer, form: ContactForm, problems: list[Problem]) -> Resource:
    """The same form in another language or reading mode, with what was typed and its problems."""
    if form.is_empty and not problems:
        return redirect(renderer.href(CONTACT.slug, None, **form.choice), 303)
    return _page(renderer, form, problems, status=422 if problems else 200)


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
