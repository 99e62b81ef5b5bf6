"""The contact form: refused with everything kept, or accepted.

The empty form comes from the shelf. This room answers when it is opened with a
choice already made (``?kind=…&page=…``) and when it is sent.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from portal.cases import messages
from portal.i18n.rendering import Renderer
from portal.settings import Settings
from portal.storage.database import Database, Unavailable
from portal.web import form_data
from portal.web.forms import ContactForm, Problem
from portal.web.public.pages import CONTACT, HTML, SLUGS, page_resource
from portal.web.resources import (
    PRIVATE,
    Representation,
    ResourceResponse,
    resource,
    send_representation,
)


class Contact:
    """The form's address, as an application: read the form, or send it.

    A function would be wrapped by Starlette for every request, to handle what is
    raised; the guard does.
    """

    async def __call__(self, scope: Scope, receive: Receive, answer: Send) -> None:
        """Representation a request."""
        response = await (send if scope["method"] == "POST" else show)(Request(scope, receive))
        await response(scope, receive, answer)


answer = Contact()


async def show(request: Request) -> Response:
    """The form with a choice already made."""
    asked = request.query_params
    choice = {name: asked[name] for name in ("kind", "page") if name in asked}
    form = ContactForm.from_fields(choice, SLUGS)
    return _page(request.state.edition.renderer(request), form)


async def send(request: Request) -> Response:
    """Take the form: keep the message, or show it again with what is wrong.

    Raises:
        HTTPException: for what is no form, as ``form_data.fields`` says.
    """
    renderer = request.state.edition.renderer(request)
    kind = dict(request.scope["headers"]).get(b"content-type", b"").decode("latin-1")
    fields = form_data.fields(kind, await form_data.body(request.receive))
    form = ContactForm.from_fields(fields, SLUGS)
    if "switch" in fields:
        return _switched(renderer, form, with_problems="problems" in fields)
    if problems := form.problems():
        return _page(renderer, form, problems, status=422)
    try:
        code = await _keep(request, form, renderer.language.tag)
    except messages.RateLimited as wait:
        problems = [Problem("form", "too-many", wait.minutes)]
        after = [("retry-after", str(wait.minutes * 60))]
        return _page(renderer, form, problems, status=429, headers=after)
    except Unavailable:
        return _page(renderer, form, [Problem("form", "unsaved")], status=503)
    return _LedTo(renderer.href(f"arende/{code}"))


_LEADING = resource("", HTML, status=303, cache=PRIVATE).negotiate(b"", b"")


class _LedTo(Response):
    """An answer that leads on to a page (RFC 9110, 15.4.4)."""

    def __init__(self, address: str) -> None:
        headers = [*_LEADING.headers, (b"location", address.encode())]
        self._answer = Representation(_LEADING.status, headers, _LEADING.body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_representation(self._answer, send)


def _switched(renderer: Renderer, form: ContactForm, with_problems: bool) -> Response:
    """The same form in another language, with all that was typed and what was wrong with it."""
    if form.is_empty and not with_problems:
        return _LedTo(renderer.href("kontakt", None, **form.choice))
    problems = form.problems() if with_problems else []
    return _page(renderer, form, problems, status=422 if problems else 200)


async def _keep(request: Request, form: ContactForm, language: str) -> str:
    state, client = request.scope["state"], request.scope.get("client")
    settings: Settings = state["settings"]
    arrived = messages.Arrival(
        messages.Submission(
            text=form.message,
            email=form.email,
            kind=form.kind,
            page=form.page,
            language=language,
            answer_language=form.wanted_language,
        ),
        messages.sender(settings.secret_key, client[0] if client else ""),
        settings.messages_per_hour,
    )
    database: Database = state["database"]
    return await database.write_together(messages.receive_all, arrived)


def _page(
    renderer: Renderer, form: ContactForm, problems: list[Problem] | None = None, **answer: Any
) -> Response:
    """The form's page with all that was typed."""
    page = page_resource(
        renderer,
        CONTACT,
        cache=PRIVATE,
        form=form,
        problems=problems or (),
        query=form.choice,
        **answer,
    )
    return ResourceResponse(page)
