"""One edition of the portal: everything that is printed from texts and templates.

An edition is made whole and replaced whole. A request is served from the edition
that stood when it came, so it never meets half of a change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from portal import catalogs, facts, languages
from portal.catalogs import Catalog
from portal.coverage import Coverage, measure
from portal.languages import Languages
from portal.messages import MESSAGE_LIMIT
from portal.rendering import Renderer, Renderers
from portal.settings import DATA, Settings
from portal.web import pages
from portal.web.assets import Assets
from portal.web.errors import Errors
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
    shelf: dict[str, Sheet]
    errors: Errors
    faults: tuple[str, ...]
    """What was left out of the catalogs, a line each."""
    catalogs: Mapping[str, Catalog] = field(default_factory=dict)
    coverage: Mapping[tuple[str, str], Coverage] = field(default_factory=dict)
    """How much of each page stands in each language, by tag and slug."""

    def renderer(self, request: Request) -> Renderer:
        """The renderer for a request's language and way of reading.

        Raises:
            HTTPException: 404 when the path names no language.
        """
        tag = request.path_params["tag"]
        if tag not in self.languages:
            raise HTTPException(404)
        alongside = request.query_params.get("bredvid") == "sv"
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
    renderers = open_renderers(settings, found, texts, asset=assets)
    return _printed(settings, texts, renderers, {*found}, assets.sheets, {})


def reprint(edition: Edition, settings: Settings, texts: Mapping[str, Catalog]) -> Edition:
    """The edition with other catalogs, beside the old one.

    Where the languages are the same, only those are printed whose catalog is another;
    a new language is named on every page.
    """
    renderers = edition.renderers.renewed(Languages(texts), texts)
    if texts.keys() == edition.catalogs.keys():
        changed = {tag for tag in texts if texts[tag] is not edition.catalogs[tag]}
        shelf = edition.shelf
    else:
        changed = {*texts}
        shelf = {path: one for path, one in edition.shelf.items() if path.startswith("/static/")}
    errors = {key: one for key, one in edition.errors.sheets.items() if key[0] not in changed}
    return _printed(settings, texts, renderers, changed, shelf, errors)


def open_renderers(
    settings: Settings,
    found: Languages,
    texts: Mapping[str, Catalog],
    kind: type[Renderer] = Renderer,
    **given: Any,
) -> Renderers:
    """Renderers that have all that templates ask for."""
    return Renderers(
        DATA / "templates",
        found,
        texts,
        kind,
        base_url=settings.base_url,
        facts=facts.confirmed(settings),
        message_limit=MESSAGE_LIMIT,
        **given,
    )


def _printed(
    settings: Settings,
    texts: Mapping[str, Catalog],
    renderers: Renderers,
    tags: set[str],
    shelf: Mapping[str, Sheet],
    errors: Mapping[tuple[str, int], Sheet],
) -> Edition:
    """Print the languages of some tags; ``shelf`` and ``errors`` stay as they are."""
    coverage = {
        (tag, slug): measure(catalog, keys)
        for slug, keys in page_texts(renderers).items()
        for tag, catalog in texts.items()
    }
    sheets = {
        **shelf,
        **dict(pages.print_all(renderers, tags, coverage)),
        **_for_machines(settings, renderers.languages),
    }
    faults = tuple(fault for catalog in texts.values() for fault in catalog.faults)
    return Edition(
        renderers.languages, renderers, sheets, Errors(renderers, errors), faults, texts, coverage
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
