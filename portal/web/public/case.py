"""A person's own receipt: private by its address, stored by no cache."""

import re

from starlette.exceptions import HTTPException
from starlette.requests import Request

from portal.cases import messages
from portal.storage.database import Unavailable
from portal.web.headers import NO_STORE
from portal.web.public.pages import Page, page_resource, requested_renderer
from portal.web.resources import ResourceResponse

_CODE = re.compile("[A-Za-z0-9_-]{1,100}")


async def show(request: Request) -> ResourceResponse:
    """The page of one message, for whoever has its address.

    Raises:
        HTTPException: 404 when there is none, 503 when the database cannot be used.
    """
    renderer = requested_renderer(request)
    code = request.path_params["code"]
    if not _CODE.fullmatch(code):
        raise HTTPException(404)
    try:
        async with request.state.database.reading() as connection:
            message = await messages.find(connection, code)
    except Unavailable:
        raise HTTPException(503) from None
    if message is None:
        raise HTTPException(404)
    page = Page(f"arende/{code}", "case.html", {"message": message, "private": True})
    headers = [("referrer-policy", "no-referrer")]
    return ResourceResponse(page_resource(renderer, page, cache=NO_STORE, headers=headers))
