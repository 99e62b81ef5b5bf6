"""The table of routes. Everything is put together here and nowhere else."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from portal.i18n.negotiation import negotiate
from portal.settings import Settings
from portal.storage.database import Database
from portal.storage.limits import forget_regularly
from portal.storage.secret_key import open_secret_key
from portal.web import resources
from portal.web.edition import LOCALES, build
from portal.web.guard import SAFE_METHODS, Guard
from portal.web.headers import REVALIDATE
from portal.web.public import case, contact
from portal.web.public.errors import accepted_languages
from portal.web.reload import read_stamps, reloading

log = logging.getLogger(__name__)


def create_app(settings: Settings, locales: Path = LOCALES) -> Guard:
    """The portal as an ASGI application.

    Args:
        settings: what the operator decided.
        locales: where the catalogs are.

    Raises:
        CatalogError: when a catalog cannot be used.
        jinja2.TemplateError: when a template is at fault.
    """
    settings = replace(settings, secret_key=open_secret_key(settings))
    stamps = read_stamps(locales)
    edition = build(settings, locales)
    for fault in edition.faults:
        log.warning("shown in Swedish: %s", fault)
    database = Database(settings.database_url)

    @asynccontextmanager
    async def lifespan(_: ASGIApp) -> AsyncIterator[None]:
        if settings.embedded:
            database.upgrade()
        await database.start()
        forgetting = asyncio.create_task(forget_regularly(database))
        async with reloading(guard, settings, locales, stamps):
            yield
        forgetting.cancel()
        await database.stop()

    routes = [
        Route("/{tag}/kontakt", contact.respond, methods=["GET", "POST"]),
        Route("/", choose_language),
        Route("/{tag}/arende/{code}", case.show),
    ]
    # No middleware of Starlette's: the guard answers for whatever is raised.
    app = Router(routes, redirect_slashes=False, default=respond_to_rest, lifespan=lifespan)
    guard = Guard(app, edition, database, settings)
    return guard


async def choose_language(request: Request) -> Response:
    """Lead a reader to the start page in the language that the browser asks for."""
    languages = request.state.edition.languages
    language = negotiate(languages, accepted_languages(request.scope))
    headers = [("vary", "Accept-Language")]
    start = resources.redirect(f"/{language.tag}/", 302, cache=REVALIDATE, headers=headers)
    return resources.ResourceResponse(start)


async def respond_to_rest(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what has no route: a page, with or without a query that it knows, or 404."""
    pages, query = scope["state"]["edition"].resources, scope["query_string"].decode("latin-1")
    page = pages.find(f"{scope['path']}?{query}") or pages.find(scope["path"])
    if page is None:
        raise HTTPException(404)
    if scope["method"] not in SAFE_METHODS:
        raise HTTPException(405, headers={"allow": "GET, HEAD"})
    await resources.respond(page, scope, send)
