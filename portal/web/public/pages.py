"""The table of public pages, and how they are printed.

Each page has one slug in all languages, so the list of languages only swaps the
prefix. Every page is printed once; one of each template at the start, so that a fault
in a template stops the start, not a visitor.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any

from portal.content.areas import AREAS
from portal.i18n.coverage import Coverage
from portal.i18n.languages import Language
from portal.i18n.rendering import Renderer, Renderers
from portal.web.forms import ContactForm
from portal.web.resources import BEST, PRIVATE, QUICK, REVALIDATE, Resource, resource

HTML = "text/html; charset=utf-8"
CoverageOfPages = Mapping[tuple[str, str], Coverage]
"""By a language's tag and a page's slug."""


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
BY_SLUG = {page.slug: page for page in PAGES}
SLUGS = frozenset(BY_SLUG)


USUAL: dict[str, Any] = {
    "private": False,
    "problems": (),
    "query": {},
    "coverage": None,
    "not_offered": frozenset(),
    "sought": None,
}
"""What the layout asks of a page, where the page says nothing else."""


def render_page(renderer: Renderer, page: Page, **values: Any) -> str:
    """A page in one language and way of reading, with its own values or others in their place."""
    known = USUAL | {"slug": page.slug} | page.values
    return renderer.render(f"public/{page.template}", **known | values)


def page_resource(
    renderer: Renderer,
    page: Page,
    *,
    status: int = 200,
    cache: str = REVALIDATE,
    headers: Iterable[tuple[str, str]] = (),
    **values: Any,
) -> Resource:
    """Print a page in one language and way of reading.

    Args:
        renderer: of the language.
        page: which page.
        status, cache, headers: as ``sheet`` takes them.
        values: of the template, in the place of the page's own.
    """
    return resource(
        render_page(renderer, page, **values),
        HTML,
        status=status,
        cache=cache,
        headers=[("content-language", renderer.language.tag), *headers],
        quality=QUICK if cache == PRIVATE else BEST,
    )


def lazy_pages(
    renderers: Renderers, coverage: CoverageOfPages, least: int
) -> Iterator[tuple[str, Callable[[], Resource]]]:
    """What prints each page in each language and way of reading, by its address.

    Those that are wanted most come first.

    Args:
        renderers: of all languages.
        coverage: how much of a page stands in a language.
        least: as ``not_offered`` takes it.
    """
    source = renderers(renderers.languages.source)
    for renderer in sorted(renderers.reading_modes, key=attrgetter("alongside")):
        for page in PAGES:
            yield renderer.href(page.slug), partial(_print, renderer, page, coverage, least)
    for page in PAGES:
        for sought in renderers.languages.values():
            if not sought.is_source:
                address = source.href(page.slug, saknas=sought.tag)
                yield address, partial(_print, source, page, coverage, least, sought)


def _print(
    renderer: Renderer,
    page: Page,
    coverage: CoverageOfPages,
    least: int,
    sought: Language | None = None,
) -> Resource:
    """A page for all; in the place of one in a language sought that is not offered in it."""
    lacking = below_threshold(renderer.languages, coverage, page.slug, least)
    return page_resource(
        renderer,
        page,
        coverage=coverage[renderer.language.tag, page.slug],
        not_offered=lacking,
        sought=sought if sought and sought.tag in lacking else None,
    )


def below_threshold(
    languages: Iterable[str], coverage: CoverageOfPages, slug: str, least: int
) -> frozenset[str]:
    """The languages that a page is not offered in yet.

    Below the least per cent of its texts the list of languages leads to the Swedish
    page, which says in that language why.
    """
    return frozenset(tag for tag in languages if coverage[tag, slug].percent < least)


def sitemap(base_url: str, languages: Iterable[str]) -> str:
    """All pages, for search engines (sitemaps.org); each page names its own translations."""
    entries = [
        f"<url><loc>{base_url}/{tag}/{page.slug}</loc></url>" for page in PAGES for tag in languages
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        + "\n".join(entries)
        + "</urlset>\n"
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
