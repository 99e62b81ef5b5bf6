"""The contact form: refused with everything kept, or accepted.

The empty form comes from the shelf. This room answers when it is opened with a
choice already made (``?kind=…&page=…``) and when it is sent.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from portal import messages
from portal.database import Unavailable
from portal.rendering import Renderer
from portal.web import posted
from portal.web.forms import ContactForm, Problem
from portal.web.pages import CONTACT, HTML, SLUGS, printed
from portal.web.shelf import PRIVATE, SheetResponse, sheet


async def answer(request: Request) -> Response:
    """The form's address: read it, or send it."""
    return await (send if request.method == "POST" else show)(request)


async def show(request: Request) -> Response:
    """The form with a choice already made."""
    asked = request.query_params
    choice = {name: asked[name] for name in ("kind", "page") if name in asked}
    form = ContactForm.from_fields(choice, SLUGS)
    return _page(request.state.edition.renderer(request), form)


async def send(request: Request) -> Response:
    """Take the form: keep the message, or show it again with what is wrong.

    Raises:
        HTTPException: for what is no form, as ``posted.fields`` says.
    """
    renderer = request.state.edition.renderer(request)
    fields = posted.fields(request.headers.get("content-type", ""), await request.body())
    form = ContactForm.from_fields(fields, SLUGS)
    if "switch" in fields:
        return _switched(renderer, form, with_problems="problems" in fields)
    if problems := form.problems():
        return _page(renderer, form, problems, status=422)
    try:
        code = await _keep(request, form, renderer.language.tag)
    except messages.TooMany as wait:
        problems = [Problem("form", "too-many", wait.minutes)]
        after = [("retry-after", str(wait.minutes * 60))]
        return _page(renderer, form, problems, status=429, headers=after)
    except Unavailable:
        return _page(renderer, form, [Problem("form", "unsaved")], status=503)
    return _led_to(renderer.href(f"arende/{code}"))


def _led_to(address: str) -> Response:
    """An answer that leads on to a page (RFC 9110, 15.4.4)."""
    return SheetResponse(
        sheet("", HTML, status=303, cache=PRIVATE, headers=[("location", address)])
    )


def _switched(renderer: Renderer, form: ContactForm, with_problems: bool) -> Response:
    """The same form in another language, with all that was typed and what was wrong with it."""
    if form.is_empty and not with_problems:
        return _led_to(renderer.href("kontakt", None, **form.choice))
    problems = form.problems() if with_problems else []
    return _page(renderer, form, problems, status=422 if problems else 200)


async def _keep(request: Request, form: ContactForm, language: str) -> str:
    settings = request.state.settings
    address = request.client.host if request.client else ""
    arrived = messages.Arrived(
        messages.Sent(
            text=form.message,
            email=form.email,
            kind=form.kind,
            page=form.page,
            language=language,
            answer_language=form.wanted_language,
        ),
        messages.sender(settings.secret_key, address),
        settings.messages_per_hour,
    )
    code: str = await request.state.database.write_together(messages.receive_all, arrived)
    return code


def _page(
    renderer: Renderer, form: ContactForm, problems: list[Problem] | None = None, **answer: Any
) -> Response:
    """The form's page with all that was typed."""
    page = printed(
        renderer,
        CONTACT,
        cache=PRIVATE,
        form=form,
        problems=problems or (),
        query=form.choice,
        **answer,
    )
    return SheetResponse(page)
