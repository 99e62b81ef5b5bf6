"""One edition of the portal: everything that is printed from texts and templates.

An edition is made whole and replaced whole. A request is served from the edition
that stood when it came, so it never meets half of a change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from portal import catalogs, facts, languages
from portal.catalogs import Catalog
from portal.coverage import measure
from portal.hours import Opening
from portal.languages import Languages
from portal.messages import MESSAGE_LIMIT
from portal.rendering import Renderer, Renderers
from portal.settings import DATA, Settings
from portal.web import pages
from portal.web.assets import PATH, Assets
from portal.web.errors import Errors
from portal.web.pages import PAGES, CoverageOfPages
from portal.web.shelf import REVALIDATE, Sheet, sheet
from portal.web.states import page_texts

LOCALES = DATA / "locales"
TEXT = "text/plain; charset=utf-8"
SECURITY_TXT_LASTS = timedelta(days=300)
"""RFC 9116 wants less than a year; an edition is printed anew at every start."""


@dataclass(frozen=True)
class Edition:
    """What readers are served from."""

    languages: Languages
    renderers: Renderers
    shelf: Mapping[str, Sheet]
    errors: Errors
    catalogs: Mapping[str, Catalog]
    coverage: CoverageOfPages
    opening: Opening | None
    """Whether the telephone is answered; when that changes, the edition is out of date."""

    @property
    def faults(self) -> list[str]:
        """What was left out of the catalogs, a line each."""
        return [fault for catalog in self.catalogs.values() for fault in catalog.faults]

    @property
    def is_stale(self) -> bool:
        """Whether it says something of the telephone that is so no longer."""
        return self.opening is not None and self.opening.changes_at <= datetime.now(UTC)

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


def print_edition(settings: Settings, locales: Path = LOCALES) -> Edition:
    """Read the catalogs and print everything.

    Raises:
        CatalogError: when a catalog cannot be used.
        jinja2.TemplateError: when a template is at fault.
    """
    found = languages.discover(locales)
    texts = catalogs.read_all(locales, found)
    assets = Assets(DATA / "static")
    opening = _opening(settings)
    renderers = open_renderers(settings, found, texts, asset=assets, opening=opening)
    coverage = _coverage(renderers, texts)
    shelf = {
        **assets.sheets,
        **dict(pages.print_all(renderers, {*found}, coverage, settings.translated_share)),
        **_for_machines(settings, found),
    }
    return Edition(found, renderers, shelf, Errors(renderers), texts, coverage, opening)


def reprint(former: Edition, settings: Settings, texts: Mapping[str, Catalog]) -> Edition:
    """The edition with other catalogs, or at another time, beside the old one.

    Only those languages are printed whose catalog is another, unless something has
    changed that stands on every page: a language, where one is offered, the opening hours.
    """
    opening = _opening(settings)
    renderers = former.renderers.renewed(Languages(texts), texts, opening=opening)
    coverage = _coverage(renderers, texts)
    least = settings.translated_share
    if (opening, _offered(coverage, least)) == (former.opening, _offered(former.coverage, least)):
        anew = {tag for tag in texts if texts[tag] is not former.catalogs[tag]}
        shelf, errors = dict(former.shelf), former.errors.sheets
    else:
        anew = {*texts}
        shelf = {path: one for path, one in former.shelf.items() if path.startswith(PATH)}
        errors = {}
    shelf |= dict(pages.print_all(renderers, anew, coverage, least))
    shelf |= _for_machines(settings, renderers.languages)
    kept = {key: one for key, one in errors.items() if key[0] not in anew}
    return Edition(
        renderers.languages, renderers, shelf, Errors(renderers, kept), texts, coverage, opening
    )


def open_renderers(
    settings: Settings,
    found: Languages,
    texts: Mapping[str, Catalog],
    kind: type[Renderer] = Renderer,
    **given: Any,
) -> Renderers:
    """Renderers that have all that templates ask for."""
    known = {
        "base_url": settings.base_url,
        "facts": facts.confirmed(settings),
        "message_limit": MESSAGE_LIMIT,
        "opening": None,
    }
    return Renderers(DATA / "templates", found, texts, kind, **known | given)


def _opening(settings: Settings) -> Opening | None:
    hours = settings.phone_hours
    return hours.opening(datetime.now(UTC)) if hours else None


def _coverage(renderers: Renderers, texts: Mapping[str, Catalog]) -> CoverageOfPages:
    return {
        (tag, slug): measure(catalog, keys)
        for slug, keys in page_texts(renderers).items()
        for tag, catalog in texts.items()
    }


def _offered(coverage: CoverageOfPages, least: int) -> object:
    """The languages, and in which each page is not offered."""
    tags = {tag for tag, _ in coverage}
    return tags, [pages.unready(coverage, page.slug, least) for page in PAGES]


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
