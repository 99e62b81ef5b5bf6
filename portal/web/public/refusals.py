"""A form that was refused is shown again with all that was typed into it, whatever refused it."""

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from starlette.exceptions import HTTPException
from starlette.types import Scope

from portal.i18n.rendering import Renderer, Renderers
from portal.web import form_data
from portal.web.public import case, contact, finder
from portal.web.public.pages import CONTACT, FINDER, is_alongside
from portal.web.public.posting import REFUSALS
from portal.web.requests import Request
from portal.web.resources import Resource

# The address becomes that of a form on a page of ours, so it must not lead elsewhere.
_ADDRESS = re.compile(f"[A-Za-z0-9_-]{{1,{case.ADDRESS_LIMIT}}}")

ShowAgain = Callable[[Renderer, Mapping[str, str], int], Resource]


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
        None where the request did not send one of our forms, or cannot be read.
    """
    tag, _, slug = scope["path"].removeprefix("/").partition("/")
    language, show_again = renderers.languages.get(tag), _form_at(slug)
    is_sent = scope["method"] == "POST" and status in REFUSALS
    if not is_sent or language is None or show_again is None or (body := await read()) is None:
        return None
    try:
        fields = form_data.parse(Request(scope).content_type, body).fields
    except HTTPException:
        return None
    return show_again(renderers(language, is_alongside(scope)), fields, status)


def _form_at(slug: str) -> ShowAgain | None:
    """What shows the form of a page again; None where the page has no form."""
    folder, _, address = slug.partition("/")
    if slug == CONTACT.slug:
        return contact.show_again
    if slug == FINDER.slug:
        return finder.show_again
    if folder == FINDER.slug and _ADDRESS.fullmatch(address):
        return partial(case.show_again, address)
    return None
