"""The contact form: refused with everything kept, or accepted.

The empty form comes from the shelf. This room answers when it is opened with a
choice already made (``?kind=…&page=…``) and when it is sent.
"""

from functools import partial
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from portal import messages
from portal.database import Unavailable
from portal.rendering import Renderer
from portal.web.forms import ContactForm, Problem
from portal.web.pages import CONTACT, SLUGS, printed
from portal.web.shelf import PRIVATE, SheetResponse

FIELDS = 20
"""More fields than the form has mean that something else is sent."""
ENCODINGS = ("multipart/form-data", "application/x-www-form-urlencoded")


async def answer(request: Request) -> Response:
    """The form's address: read it, or send it."""
    return await (send if request.method == "POST" else show)(request)


async def show(request: Request) -> Response:
    """The form with a choice already made."""
    choice = {name: request.query_params.get(name, "") for name in ("kind", "page")}
    form = ContactForm.from_fields(choice, SLUGS)
    return _page(request.state.edition.renderer(request), form)


async def send(request: Request) -> Response:
    """Take the form: keep the message, or show it again with what is wrong."""
    renderer = request.state.edition.renderer(request)
    fields = await _fields(request)
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
    return RedirectResponse(renderer.href(f"arende/{code}"), 303, {"cache-control": PRIVATE})


def _switched(renderer: Renderer, form: ContactForm, with_problems: bool) -> Response:
    """The same form in another language, with all that was typed and what was wrong with it."""
    if form.is_empty and not with_problems:
        return RedirectResponse(renderer.href("kontakt", None, **form.choice), 303)
    problems = form.problems() if with_problems else []
    return _page(renderer, form, problems, status=422 if problems else 200)


async def _keep(request: Request, form: ContactForm, language: str) -> str:
    settings = request.state.settings
    address = request.client.host if request.client else ""
    work = partial(
        messages.receive,
        sent=messages.Sent(
            text=form.message,
            email=form.email,
            kind=form.kind,
            page=form.page,
            language=language,
            answer_language=form.wanted_language,
        ),
        sender=messages.sender(settings.secret_key, address),
        per_hour=settings.messages_per_hour,
    )
    code: str = await request.state.database.write(work)
    return code


def _page(
    renderer: Renderer, form: ContactForm, problems: list[Problem] | None = None, **answer: Any
) -> Response:
    """The form's page with all that was typed."""
    sheet = printed(
        renderer,
        CONTACT,
        cache=PRIVATE,
        form=form,
        problems=problems or (),
        query=form.choice,
        **answer,
    )
    return SheetResponse(sheet)


async def _fields(request: Request) -> dict[str, str]:
    """The posted fields.

    Raises:
        HTTPException: 415 for anything but a form, 400 for one that is malformed, has
            too many fields, files, or a field twice.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ENCODINGS:
        raise HTTPException(415)
    form = await request.form(max_files=0, max_fields=FIELDS)
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    if len(fields) != len(form.multi_items()):
        raise HTTPException(400)
    return fields
