"""The table of routes. Everything is put together here and nowhere else."""

import asyncio
import logging
import platform
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.routing import Match, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from portal import __version__
from portal.cases.search import fold_regularly
from portal.i18n.languages import Languages
from portal.i18n.negotiation import negotiate
from portal.i18n.rendering import Renderers
from portal.i18n.templates import LOCALES
from portal.logs import describe
from portal.metrics import Metrics, Samples, serving
from portal.settings import Settings
from portal.storage.database import Database
from portal.storage.limits import forget_regularly
from portal.storage.secret_key import open_secret_key
from portal.web import resources
from portal.web.assets import without_hash
from portal.web.edition import build
from portal.web.guard import SAFE_METHODS, Guard
from portal.web.headers import REVALIDATE
from portal.web.health import READY, Health
from portal.web.public import case, contact, finder
from portal.web.public.errors import accepted_languages
from portal.web.public.pages import CONTACT, FINDER
from portal.web.reload import log_faults, read_stamps, reloading
from portal.web.requests import Request, ResourceRoute
from portal.web.resources import Resource
from portal.web.staff.access import INBOX

PAUSE_SECONDS = 10.0
"""How long a chore pauses after an unexpected error."""

log = logging.getLogger(__name__)


def create_app(settings: Settings, locales: Path = LOCALES) -> Guard:
    """The portal as an ASGI application.

    Args:
        settings: what the operator decided.
        locales: where the catalogs are.

    Raises:
        CatalogError: when a catalog cannot be used.
        jinja2.TemplateError: when a template is at fault.
        SettingsError: when the stored secret key is too short.
    """
    settings = replace(settings, secret_key=open_secret_key(settings))
    stamps = read_stamps(locales)
    edition = build(settings, locales)
    log_faults(edition.catalogs.values())
    metrics = Metrics()
    database = Database(settings.database_url, metrics=metrics)
    health = Health(database)

    @asynccontextmanager
    async def lifespan(_: ASGIApp) -> AsyncIterator[dict[str, Any]]:
        async with (
            open_database(database, settings, health),
            reloading(guard, settings, locales, stamps),
            delivering_letters(database, settings, lambda: guard.edition.renderers),
            serving(metrics, settings.metrics),
        ):
            health.status = "ready"
            health.drain_at_sigterm(settings.drain_seconds)
            # ``web.protocol`` finds this in the lifespan's state.
            yield {"is_stopping": lambda: health.status == "stopping"}
            health.status = "stopping"

    async def show_health(request: Request) -> Resource:
        return health.show(request.edition.coverage.shares)

    routes = [*ROUTES, ResourceRoute(READY, show_health)]
    # No middleware of Starlette's: the guard answers for whatever is raised.
    app = Router(routes, redirect_slashes=False, default=respond_to_rest, lifespan=lifespan)
    guard = Guard(app, edition, database, settings, metrics)
    register_gauges(guard, database, health)
    return guard


@asynccontextmanager
async def open_database(
    database: Database, settings: Settings, health: Health
) -> AsyncIterator[None]:
    """Keep a database open, and do what it needs regularly, until the end of the block."""
    if settings.embedded:
        database.upgrade()
    await database.start()
    chores = (partial(forget_regularly, database), partial(fold_regularly, database), health.watch)
    tasks = [asyncio.create_task(keep_running(chore)) for chore in chores]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await database.stop()


async def keep_running(
    chore: Callable[[], Coroutine[Any, Any, None]], pause: float = PAUSE_SECONDS
) -> None:
    """Run a chore that never ends; where it raises, log that and begin it again after a pause.

    Args:
        chore: runs until cancelled.
        pause: in seconds.
    """
    while True:
        try:
            await chore()
        except Exception as error:
            log.error("A chore is begun again: %s", describe(error))
        await asyncio.sleep(pause)


def delivering_letters(
    database: Database, settings: Settings, renderers: Callable[[], Renderers]
) -> AbstractAsyncContextManager[None]:
    """Deliver letters until the end of the block; its code is imported only with a mail server."""
    if not settings.smtp_url:
        return nullcontext()
    from portal.mail.delivery import delivering

    return delivering(database, settings, renderers)


def register_gauges(guard: Guard, database: Database, health: Health) -> None:
    """Register the figures that are read when an operator asks for them."""
    build = (__version__, platform.python_version())
    gauges: dict[str, Callable[[], Samples | float]] = {
        "portal_queue_length": lambda: database.queue_length,
        "portal_database_failing": lambda: database.is_failing,
        "portal_letter_age_seconds": lambda: health.letter_age,
        "portal_letters_failed": lambda: health.letters.failed,
        "portal_catalog_coverage_ratio": lambda: {
            (tag,): share for tag, share in guard.edition.coverage.shares.items()
        },
        "portal_catalog_faults": lambda: {
            (tag,): len(catalog.faults) for tag, catalog in guard.edition.catalogs.items()
        },
        "portal_build_info": lambda: {build: 1},
    }
    for name, read in gauges.items():
        guard.metrics.gauge(name, read)


class LanguageRoute(ResourceRoute):
    """A route below the tag of an existing language."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        languages = scope["state"]["edition"].languages
        if match is not Match.NONE and child["path_params"]["tag"] not in languages:
            return Match.NONE, {}
        return match, child


async def choose_language(request: Request) -> Resource:
    """Lead a reader to the start page in the language that the browser asks for."""
    languages = request.edition.languages
    language = negotiate(languages, accepted_languages(request.scope))
    headers = [("vary", "Accept-Language")]
    return resources.redirect(f"/{language.tag}/", 302, cache=REVALIDATE, headers=headers)


class Inbox:
    """The pages of staff, imported when one is first requested.

    Without them and the delivery of letters a start takes 25 ms and 3.5 MB less.
    """

    @cached_property
    def _router(self) -> Router:
        from portal.web.staff.routes import ROUTES

        return Router(ROUTES, redirect_slashes=False, default=respond_to_rest)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self._router  # where sign-in finds the page to continue with
        await self._router(scope, receive, send)


async def respond_to_rest(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what has no route: a page, a redirect to the page that is meant, or an error."""
    request, path = Request(scope), scope["path"]
    address = _usual_spelling(path, request.edition.languages)
    addresses = request.edition.resources
    if path not in addresses:  # perhaps a file as another version names it
        address = without_hash(address)
    if address != path and address in addresses:
        query = scope["query_string"].decode("latin-1")
        address += f"?{query}" if query else ""
        resource = resources.redirect(address, 308, cache=REVALIDATE)
    else:
        resource = request.page()
        if scope["method"] not in SAFE_METHODS:
            raise HTTPException(405, headers={"allow": ", ".join(sorted(SAFE_METHODS))})
    await resources.respond(resource, scope, send)


def _usual_spelling(path: str, languages: Languages) -> str:
    """The path of a page as we write it: people type capitals and slashes at the end."""
    tag, _, slug = path.strip("/").lower().partition("/")
    tag = next((spelled for spelled in languages if spelled.lower() == tag), tag)
    return f"/{tag}/{slug}"


ROUTES = (
    LanguageRoute(f"/{{tag}}/{CONTACT.slug}", contact.respond, methods=["GET", "POST"]),
    LanguageRoute(f"/{{tag}}/{FINDER.slug}", finder.respond, methods=["GET", "POST"]),
    LanguageRoute(f"/{{tag}}/{FINDER.slug}/{{address}}", case.respond, methods=["GET", "POST"]),
    ResourceRoute("/", choose_language),
    Route(f"{INBOX}{{rest:path}}", Inbox()),
)
"""The forms, the cases, the inbox and the choice of a language; most else is in the edition."""
