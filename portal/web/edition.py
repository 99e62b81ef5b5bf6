"""One edition of the portal: everything that is printed from texts and templates.

An edition is made whole and replaced whole. A request is served from the edition
that stood when it came, so it never meets half of a change.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request

from portal import catalogs, facts, languages
from portal.hours import Opening
from portal.languages import Languages
from portal.messages import MESSAGE_LIMIT
from portal.rendering import Renderer, Renderers
from portal.settings import DATA, Settings
from portal.web import pages
from portal.web.assets import Assets
from portal.web.errors import Errors
from portal.web.shelf import REVALIDATE, Sheet, sheet

TEXT = "text/plain; charset=utf-8"
SECURITY_TXT_LASTS = timedelta(days=300)
"""RFC 9116 wants less than a year; an edition is printed anew at every start."""


@dataclass(frozen=True)
class Edition:
    """What readers are served from."""

    languages: Languages
    renderers: Renderers
    shelf: dict[str, Sheet]
    errors: Errors
    faults: tuple[str, ...]
    """What was left out of the catalogs, a line each."""
    opening: Opening | None
    """Whether the telephone is answered; when that changes, the edition is out of date."""

    def pack(self) -> None:
        """Compress all of it, before readers ask for it."""
        for one in self.shelf.values():
            one.bodies  # noqa: B018 - looking at them makes them

    def renderer(self, request: Request) -> Renderer:
        """The renderer for a request's language and way of reading.

        Raises:
            HTTPException: 404 when the path names no language.
        """
        tag = request.path_params["tag"]
        if tag not in self.languages:
            raise HTTPException(404)
        alongside = b"bredvid=sv" in request.scope["query_string"].split(b"&")
        return self.renderers(self.languages[tag], alongside)


def print_edition(settings: Settings) -> Edition:
    """Read the catalogs and print everything.

    Raises:
        CatalogError: when a catalog cannot be used.
        jinja2.TemplateError: when a template is at fault.
    """
    found = languages.discover(DATA / "locales")
    texts = catalogs.read_all(DATA / "locales", found)
    assets = Assets(DATA / "static")
    hours = settings.phone_hours
    opening = hours.opening(datetime.now(UTC)) if hours else None
    renderers = Renderers(
        DATA / "templates",
        found,
        texts,
        asset=assets,
        base_url=settings.base_url,
        facts=facts.confirmed(settings),
        message_limit=MESSAGE_LIMIT,
        opening=opening,
    )
    return Edition(
        found,
        renderers,
        {
            **assets.sheets,
            **dict(pages.print_all(renderers, settings.translated_share)),
            **_for_machines(settings, found),
        },
        Errors(renderers),
        tuple(fault for catalog in texts.values() for fault in catalog.faults),
        opening,
    )


def _for_machines(settings: Settings, found: Languages) -> dict[str, Sheet]:
    expires = (datetime.now(UTC) + SECURITY_TXT_LASTS).isoformat(timespec="seconds")
    base_url = settings.base_url
    moved = {
        f"/{tag}": sheet("", TEXT, status=308, cache=REVALIDATE, headers=[("location", f"/{tag}/")])
        for tag in found
    }
    return moved | {
        "/sitemap.xml": sheet(pages.sitemap(base_url, found), "application/xml; charset=utf-8"),
        "/robots.txt": sheet(pages.robots(base_url), TEXT),
        "/.well-known/security.txt": sheet(pages.security(base_url, expires), TEXT),
    }
