"""The table of public pages, and how they are printed.

Each page has one slug in all languages, so the list of languages only swaps the
prefix. Everything here is printed once; a fault in a template stops the start,
not a visitor.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from portal.areas import AREAS
from portal.languages import Languages
from portal.rendering import Coverage, Renderer, Renderers
from portal.web.forms import ContactForm
from portal.web.shelf import PRIVATE, QUICK, REVALIDATE, SMALLEST, Sheet, sheet

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Page:
    """A page that anybody can read."""

    slug: str
    template: str
    values: dict[str, Any] = field(default_factory=dict)


CONTACT = Page(
    "kontakt",
    "contact.html",
    {"form": ContactForm(), "problems": ()},
)
PAGES = (
    Page("", "start.html", {"areas": AREAS}),
    *(Page(area.slug, "area.html", {"area": area, "areas": AREAS}) for area in AREAS),
    Page("omraden/skolenhetsutredningen", "investigations.html", {"areas": AREAS}),
    CONTACT,
    Page("personuppgifter", "personal_data.html"),
    Page("tillganglighet", "accessibility.html"),
    Page("klagomal", "complaints.html"),
    Page("ordlista", "words.html"),
    Page("sprak", "languages.html"),
)
SLUGS = frozenset(page.slug for page in PAGES)


_USUAL: dict[str, Any] = {
    "private": False,
    "problems": (),
    "query": {},
    "coverage": None,
    "unready": frozenset(),
    "sought": None,
}
"""What the layout asks of a page, where the page says nothing else."""


def printed(
    renderer: Renderer,
    page: Page,
    *,
    status: int = 200,
    cache: str = REVALIDATE,
    headers: Iterable[tuple[str, str]] = (),
    **values: Any,
) -> Sheet:
    """Print a page in one language and way of reading.

    Args:
        renderer: of the language.
        page: which page.
        status, cache, headers: as ``sheet`` takes them.
        values: of the template, in the place of the page's own.
    """
    return sheet(
        renderer.render(f"pages/{page.template}", **_USUAL | page.values | values, slug=page.slug),
        HTML,
        status=status,
        cache=cache,
        headers=[("content-language", renderer.language.tag), *headers],
        quality=QUICK if cache == PRIVATE else SMALLEST,
    )


def print_all(renderers: Renderers, least: int) -> Iterator[tuple[str, Sheet]]:
    """Every page in every language and way of reading, by its address.

    Args:
        renderers: of all languages.
        least: the per cent of a page's texts that must be translated before the page
            is offered in a language; below it the list of languages leads to the
            Swedish page, which says in that language why.
    """
    coverage = dict(_measure_all(renderers))
    for page in PAGES:
        unready = {
            tag
            for tag, slug in coverage
            if slug == page.slug and coverage[tag, slug].percent < least
        }
        for renderer in renderers.ways:
            known = coverage.get((renderer.language.tag, page.slug))
            sheet = printed(renderer, page, coverage=known, unready=unready)
            yield renderer.href(page.slug), sheet
        source = renderers(renderers.languages.source)
        for tag in unready:
            language = renderers.languages[tag]
            yield (
                source.href(page.slug, saknas=tag),
                printed(source, page, unready=unready, sought=language),
            )


def _measure_all(renderers: Renderers) -> Iterator[tuple[tuple[str, str], Coverage]]:
    """How much is translated of each page, in the languages that lack anything."""
    for renderer in renderers.ways:
        if not (renderer.alongside or renderer.catalog.complete):
            for page in PAGES:
                yield (renderer.language.tag, page.slug), measure(renderer, page)


def measure(renderer: Renderer, page: Page) -> Coverage:
    """How much of a page is translated."""
    values = _USUAL | page.values | {"slug": page.slug}
    return renderer.measure(f"pages/{page.template}", **values)


def sitemap(base_url: str, languages: Languages) -> str:
    """All pages with their translations, for search engines (sitemaps.org)."""
    entries = []
    for page in PAGES:
        addresses = {tag: f"{base_url}/{tag}/{page.slug}" for tag in languages}
        alternates = "".join(
            f'<xhtml:link rel="alternate" hreflang="{tag}" href="{address}"/>'
            for tag, address in addresses.items()
        )
        entries += [f"<url><loc>{one}</loc>{alternates}</url>" for one in addresses.values()]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        ' xmlns:xhtml="http://www.w3.org/1999/xhtml">' + "\n".join(entries) + "</urlset>\n"
    )


def robots(base_url: str) -> str:
    """What search engines may read: everything but people's own pages."""
    return f"User-agent: *\nDisallow: /*/arende/\nSitemap: {base_url}/sitemap.xml\n"


def security(base_url: str, expires: str) -> str:
    """Where to report a weakness (RFC 9116).

    Args:
        base_url: of the portal.
        expires: when to stop trusting this text, as RFC 3339 has it.
    """
    return (
        f"Contact: {base_url}/sv/kontakt\n"
        f"Expires: {expires}\n"
        "Preferred-Languages: sv, en\n"
        f"Canonical: {base_url}/.well-known/security.txt\n"
    )
