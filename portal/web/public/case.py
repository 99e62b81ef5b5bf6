"""A person's own case: private by its address, stored by no cache."""

from starlette.exceptions import HTTPException
from starlette.requests import Request

from portal.cases import messages, references
from portal.cases.addresses import case_address, opens
from portal.cases.messages import Case, Message
from portal.storage.database import Unavailable
from portal.web.headers import NO_STORE
from portal.web.public.pages import Page, page_resource, requested_renderer
from portal.web.resources import Resource, ResourceResponse, redirect

CODE_LIMIT = 100
"""Characters of an address of a case at the most."""


async def show(request: Request) -> ResourceResponse:
    """The page of one case, for whoever has its address.

    Raises:
        HTTPException: 404 when there is none, 503 when the database cannot be used.
    """
    try:
        return ResourceResponse(await _find(request, request.path_params["address"]))
    except Unavailable:
        raise HTTPException(503) from None


async def _find(request: Request, address: str) -> Resource:
    """The page of a case, or a redirect to it from an address that it once had."""
    if len(address) > CODE_LIMIT:
        raise HTTPException(404)
    renderer, settings = requested_renderer(request), request.state.settings
    reference, _, key = address.partition("-")
    async with request.state.database.reading() as connection:
        case = await messages.find_case(connection, references.number(reference))
        if case and opens(key, settings.secret_keys, case.number, case.address_version):
            return _page(
                request, case, address, await messages.messages_of(connection, case.number)
            )
        case = await messages.find_by_former_address(connection, address)
    if case is None:
        raise HTTPException(404)
    present = case_address(settings.secret_key, case.number, case.address_version)
    return redirect(renderer.href(f"arende/{present}"), 308)


def _page(request: Request, case: Case, address: str, thread: list[Message]) -> Resource:
    page = Page(f"arende/{address}", "case.html", {"case": case, "thread": thread, "private": True})
    headers = [("referrer-policy", "no-referrer")]
    return page_resource(requested_renderer(request), page, cache=NO_STORE, headers=headers)
