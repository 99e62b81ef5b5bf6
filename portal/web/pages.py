"""The table of public pages, and how they are printed.

Each page has one slug in all languages, so the list of languages only swaps the
prefix. Everything here is printed once; a fault in a template stops the start,
not a visitor.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.areas import AREAS
from portal.coverage import Coverage
from portal.languages import Languages
from portal.rendering import Renderer, Renderers
from portal.web.forms import ContactForm
from portal.web.shelf import QUICK, REVALIDATE, Sheet, sheet

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
    *(Page(area.slug, "area.html", {"area": area}) for area in AREAS),
    Page("omraden/skolenhetsutredningen", "investigations.html"),
    CONTACT,
    Page("personuppgifter", "personal_data.html"),
    Page("tillganglighet", "accessibility.html"),
    Page("klagomal", "complaints.html"),
    Page("ordlista", "words.html"),
    Page("sprak", "languages.html"),
)
SLUGS = frozenset(page.slug for page in PAGES)


def rendered(renderer: Renderer, page: Page, **values: Any) -> str:
    """A page in one language and way of reading, with its own values or others in their place."""
    usual = {"slug": page.slug, "private": False, "problems": (), "query": {}, "coverage": None}
    return renderer.render(f"pages/{page.template}", **usual | page.values | values)


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
        rendered(renderer, page, **values),
        HTML,
        status=status,
        cache=cache,
        headers=[("content-language", renderer.language.tag), *headers],
        quality=QUICK,
    )


def print_all(
    renderers: Renderers, tags: Collection[str], coverage: Mapping[tuple[str, str], Coverage]
) -> Iterator[tuple[str, Sheet]]:
    """Every page of some languages in every way of reading, by its address.

    Args:
        renderers: of all languages.
        tags: of those languages.
        coverage: how much of a page stands in a language, by tag and slug.
    """
    for renderer in renderers.ways:
        if (tag := renderer.language.tag) in tags:
            for page in PAGES:
                covered = coverage[tag, page.slug]
                yield renderer.href(page.slug), printed(renderer, page, coverage=covered)


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
