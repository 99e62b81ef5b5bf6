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
from types import MappingProxyType
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from portal.cases.messages import MESSAGE_LIMIT
from portal.content.facts import Facts
from portal.content.hours import Opening
from portal.i18n import catalogs, languages
from portal.i18n.catalogs import Catalog
from portal.i18n.checks import Key
from portal.i18n.coverage import Coverage, measure
from portal.i18n.languages import Languages
from portal.i18n.rendering import Renderer, Renderers
from portal.settings import DATA, Settings
from portal.web.assets import Assets
from portal.web.public import pages
from portal.web.public.errors import Errors
from portal.web.public.pages import BY_SLUG, PAGES
from portal.web.resources import REVALIDATE, Resource, Resources, resource

LOCALES = DATA / "locales"
TEXT = "text/plain; charset=utf-8"
COMPRESSED_AHEAD = 1000
"""So many sheets are printed and compressed ahead of readers; it takes a core 20 ms each."""
SECURITY_TXT_LASTS = timedelta(days=300)
"""RFC 9116 wants less than a year; an edition is printed anew at every start."""


class PageTexts(dict[str, frozenset[Key]]):
    """The texts of each public page, by its slug; found when they are first asked for.

    They are the same whatever is translated, but not in other languages, nor at other hours.
    """

    def __init__(
        self,
        renderers: Renderers,
        known: Mapping[str, frozenset[Key]] = MappingProxyType({}),
    ) -> None:
        super().__init__(known)
        self._renderers = renderers

    def __missing__(self, slug: str) -> frozenset[Key]:
        texts: set[Key] = set()
        for renderer in self._renderers.reading_modes[:3]:
            pages.render_page(renderer, BY_SLUG[slug])
            texts |= renderer.seen
        self[slug] = frozenset(texts)
        return self[slug]


class PageCoverage(dict[tuple[str, str], Coverage]):
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
            pages.below_threshold(self.catalogs, self, page.slug, least) for page in PAGES
        ]


@dataclass(frozen=True)
class Edition:
    """What readers are served from."""

    assets: Assets
    renderers: Renderers
    coverage: PageCoverage
    opening: Opening | None
    """Whether the telephone is answered; when that changes, the edition is out of date."""
    resources: Resources[str]
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

    def try_templates(self, tags: Iterable[str]) -> None:
        """Print a page of each template in some languages, and the error that is for all others.

        A fault in a template shows itself now, and not to a reader.
        """
        for tag in tags:
            self.errors.resources[tag, 500]
            for page in {page.template: page for page in PAGES}.values():
                self.resources[f"/{tag}/{page.slug}"]

    def compress_ahead(self, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Print and compress what readers are likely to ask for, before they do.

        Args:
            goes_on: asked before each sheet; to be interrupted.
        """
        for address in takewhile(lambda _: goes_on(), islice(self.resources, COMPRESSED_AHEAD)):
            self.resources[address].bodies  # noqa: B018 - looking at them makes them

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


def build(settings: Settings, locales: Path = LOCALES) -> Edition:
    """Read the catalogs, and print a page of each template in Swedish.

    Raises:
        CatalogError: when a catalog cannot be used.
        jinja2.TemplateError: when a template is at fault.
    """
    found = languages.discover(locales)
    texts = catalogs.read_all(locales, found)
    assets, opening = Assets(DATA / "static"), _opening(settings)
    renderers = open_renderers(settings, found, texts, asset=assets, opening=opening)
    coverage = PageCoverage(texts, PageTexts(renderers))
    printers = _printers(settings, assets, renderers, coverage)
    edition = Edition(assets, renderers, coverage, opening, Resources(printers), Errors(renderers))
    edition.try_templates([found.source.tag])
    return edition


def reprint(former: Edition, settings: Settings, texts: Mapping[str, Catalog]) -> Edition:
    """The edition with other catalogs, or at another time, beside the old one.

    Only those languages are printed anew whose catalog is another, unless something has
    changed that stands on every page: a language, where one is offered, the opening hours.
    """
    assets, opening = former.assets, _opening(settings)
    renderers = former.renderers.renewed(Languages(texts), texts, opening=opening)
    alike = _shows(texts, opening) == _shows(former.catalogs, former.opening)
    coverage = PageCoverage(texts, PageTexts(renderers, former.coverage.texts if alike else {}))
    same = {tag for tag in texts if texts[tag] is former.catalogs.get(tag)}
    least = settings.translated_share
    if (opening, coverage.offered(least)) != (former.opening, former.coverage.offered(least)):
        same = set()
    printers = _printers(settings, assets, renderers, coverage)
    shelf = Resources(
        printers, {a: one for a, one in former.resources.printed.items() if _is_of(a, same)}
    )
    kept = {key: one for key, one in former.errors.resources.printed.items() if key[0] in same}
    edition = Edition(assets, renderers, coverage, opening, shelf, Errors(renderers, kept))
    edition.try_templates(texts.keys() - same)
    return edition


def _shows(texts: Mapping[str, Catalog], opening: Opening | None) -> object:
    """What decides which texts a page has, whatever they are in each language."""
    return {*texts}, opening and opening.is_open


def _is_of(address: str, tags: Set[str]) -> bool:
    """Whether a page is in one of some languages, and says nothing in another."""
    return address.split("/")[1] in tags and "?saknas=" not in address


def _printers(
    settings: Settings, assets: Assets, renderers: Renderers, coverage: PageCoverage
) -> Mapping[str, Callable[[], Resource]]:
    return {
        **{path: partial(assets.resources.__getitem__, path) for path in assets.resources},
        **dict(pages.lazy_pages(renderers, coverage, settings.translated_share)),
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
        "facts": Facts(),
        "confirmed": settings.confirmed,
        "message_limit": MESSAGE_LIMIT,
        "opening": None,
    }
    return Renderers(DATA / "templates", found, texts, kind, **known | given)


def _opening(settings: Settings) -> Opening | None:
    hours = settings.confirmed.phone_hours
    return hours.opening(datetime.now(UTC)) if hours else None


def _for_machines(settings: Settings, found: Languages) -> dict[str, Callable[[], Resource]]:
    """What prints the answers that are no pages."""
    expires = (datetime.now(UTC) + SECURITY_TXT_LASTS).isoformat(timespec="seconds")
    url = settings.base_url
    return {
        **{f"/{tag}": partial(_moved, f"/{tag}/") for tag in found},
        "/sitemap.xml": lambda: resource(
            pages.sitemap(url, found), "application/xml; charset=utf-8"
        ),
        "/robots.txt": lambda: resource(pages.robots(url), TEXT),
        "/.well-known/security.txt": lambda: resource(pages.security(url, expires), TEXT),
    }


def _moved(address: str) -> Resource:
    return resource("", TEXT, status=308, cache=REVALIDATE, headers=[("location", address)])
