"""One edition of the portal: everything that is printed from texts and templates.

An edition is made whole and replaced whole. A request is served from the edition
that stood when it came, so it never meets half of a change.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from portal import catalogs, facts, languages
from portal.catalogs import Catalog
from portal.coverage import Coverage, measure
from portal.hours import Opening
from portal.languages import Languages
from portal.messages import MESSAGE_LIMIT
from portal.rendering import Renderer, Renderers
from portal.settings import DATA, Settings
from portal.web import pages
from portal.web.assets import Assets
from portal.web.errors import Errors
from portal.web.pages import PAGES
from portal.web.shelf import REVALIDATE, Sheet, Shelf, sheet
from portal.web.states import PageTexts

LOCALES = DATA / "locales"
TEXT = "text/plain; charset=utf-8"
PACKED = 1000
"""So many sheets are printed and compressed ahead of readers; it takes a core 20 ms each."""
SECURITY_TXT_LASTS = timedelta(days=300)
"""RFC 9116 wants less than a year; an edition is printed anew at every start."""


class Measured(dict[tuple[str, str], Coverage]):
    """How much of each page stands in each language, found when it is first asked for."""

    def __init__(self, catalogs: Mapping[str, Catalog], texts: PageTexts) -> None:
        super().__init__()
        self.catalogs, self.texts = catalogs, texts

    def __missing__(self, key: tuple[str, str]) -> Coverage:
        tag, slug = key
        self[key] = measure(self.catalogs[tag], self.texts[slug])
        return self[key]

    def offered(self, least: int) -> object:
        """The languages, and in which each page is not offered."""
        return {*self.catalogs}, [
            pages.unready(self.catalogs, self, page.slug, least) for page in PAGES
        ]


@dataclass(frozen=True)
class Edition:
    """What readers are served from."""

    assets: Assets
    renderers: Renderers
    coverage: Measured
    opening: Opening | None
    """Whether the telephone is answered; when that changes, the edition is out of date."""
    shelf: Shelf[str]
    errors: Errors

    @property
    def languages(self) -> Languages:
        """Those that it is printed in."""
        return self.renderers.languages

    @property
    def catalogs(self) -> Mapping[str, Catalog]:
        """What it is printed from, by language."""
        return self.coverage.catalogs

    @property
    def faults(self) -> list[str]:
        """What was left out of the catalogs, a line each."""
        return [fault for catalog in self.catalogs.values() for fault in catalog.faults]

    @property
    def is_stale(self) -> bool:
        """Whether it says something of the telephone that is so no longer."""
        return self.opening is not None and self.opening.changes_at <= datetime.now(UTC)

    def prove(self, tags: Iterable[str]) -> None:
        """Print a page of each template in some languages, and the error that is for all others.

        A fault in a template shows itself now, and not to a reader.
        """
        for tag in tags:
            self.errors.sheets[tag, 500]
            for page in {page.template: page for page in PAGES}.values():
                self.shelf[f"/{tag}/{page.slug}"]

    def pack(self, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Print and compress what readers are likely to ask for, before they do.

        Args:
            goes_on: asked before each sheet; to be interrupted.
        """
        for address in takewhile(lambda _: goes_on(), islice(self.shelf, PACKED)):
            self.shelf[address].bodies  # noqa: B018 - looking at them makes them

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
    """Read the catalogs, and print a page of each template in Swedish.

    Raises:
        CatalogError: when a catalog cannot be used.
        jinja2.TemplateError: when a template is at fault.
    """
    found = languages.discover(locales)
    texts = catalogs.read_all(locales, found)
    assets, opening = Assets(DATA / "static"), _opening(settings)
    renderers = open_renderers(settings, found, texts, asset=assets, opening=opening)
    coverage = Measured(texts, PageTexts(renderers))
    printers = _printers(settings, assets, renderers, coverage)
    edition = Edition(assets, renderers, coverage, opening, Shelf(printers), Errors(renderers))
    edition.prove([found.source.tag])
    return edition


def reprint(former: Edition, settings: Settings, texts: Mapping[str, Catalog]) -> Edition:
    """The edition with other catalogs, or at another time, beside the old one.

    Only those languages are printed anew whose catalog is another, unless something has
    changed that stands on every page: a language, where one is offered, the opening hours.
    """
    assets, opening = former.assets, _opening(settings)
    renderers = former.renderers.renewed(Languages(texts), texts, opening=opening)
    alike = _shows(texts, opening) == _shows(former.catalogs, former.opening)
    coverage = Measured(texts, PageTexts(renderers, former.coverage.texts if alike else {}))
    same = {tag for tag in texts if texts[tag] is former.catalogs.get(tag)}
    least = settings.translated_share
    if (opening, coverage.offered(least)) != (former.opening, former.coverage.offered(least)):
        same = set()
    printers = _printers(settings, assets, renderers, coverage)
    shelf = Shelf(printers, {a: one for a, one in former.shelf.printed.items() if _is_of(a, same)})
    kept = {key: one for key, one in former.errors.sheets.printed.items() if key[0] in same}
    edition = Edition(assets, renderers, coverage, opening, shelf, Errors(renderers, kept))
    edition.prove(texts.keys() - same)
    return edition


def _shows(texts: Mapping[str, Catalog], opening: Opening | None) -> object:
    """What decides which texts a page has, whatever they are in each language."""
    return {*texts}, opening and opening.is_open


def _is_of(address: str, tags: Set[str]) -> bool:
    """Whether a page is in one of some languages, and says nothing in another."""
    return address.split("/")[1] in tags and "?saknas=" not in address


def _printers(
    settings: Settings, assets: Assets, renderers: Renderers, coverage: Measured
) -> Mapping[str, Callable[[], Sheet]]:
    return {
        **{path: partial(assets.sheets.__getitem__, path) for path in assets.sheets},
        **dict(pages.printers(renderers, coverage, settings.translated_share)),
        **_for_machines(settings, renderers.languages),
    }


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


def _for_machines(settings: Settings, found: Languages) -> dict[str, Callable[[], Sheet]]:
    """What prints the answers that are no pages."""
    expires = (datetime.now(UTC) + SECURITY_TXT_LASTS).isoformat(timespec="seconds")
    url = settings.base_url
    return {
        **{f"/{tag}": partial(_moved, f"/{tag}/") for tag in found},
        "/sitemap.xml": lambda: sheet(pages.sitemap(url, found), "application/xml; charset=utf-8"),
        "/robots.txt": lambda: sheet(pages.robots(url), TEXT),
        "/.well-known/security.txt": lambda: sheet(pages.security(url, expires), TEXT),
    }


def _moved(address: str) -> Sheet:
    return sheet("", TEXT, status=308, cache=REVALIDATE, headers=[("location", address)])
