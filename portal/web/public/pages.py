"""The table of public pages, and how a page is rendered.

Each page has one slug in all languages, so the language list only swaps the prefix.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Scope

from portal.cases.messages import MESSAGE_LIMIT
from portal.content.areas import AREAS
from portal.content.words import WORDS
from portal.i18n.rendering import Rendered, Renderer
from portal.web.forms import ContactForm, FinderForm
from portal.web.headers import REVALIDATE
from portal.web.public.page_coverage import PageCoverage
from portal.web.resources import BEST_QUALITY, FAST_QUALITY, Resource, resource

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Page:
    """A page: its slug, its template, and what the template shows besides facts and texts."""

    slug: str
    template: str
    values: dict[str, Any] = field(default_factory=dict)


CONTACT = Page(
    "kontakt",
    "contact.html",
    {"form": ContactForm(), "problems": ()},
)
WORD_LIST = Page("ordlista", "words.html", {"words": WORDS})
FINDER = Page(
    "arende",
    "find_case.html",
    {"form": FinderForm(), "problems": ()},
)
PAGES = (
    Page("", "start.html", {"areas": AREAS}),
    *(Page(area.slug, "area.html", {"area": area, "areas": AREAS}) for area in AREAS),
    Page("omraden/skolenhetsutredningen", "investigations.html", {"areas": AREAS}),
    CONTACT,
    FINDER,
    Page("personuppgifter", "personal_data.html"),
    Page("tillganglighet", "accessibility.html"),
    Page("klagomal", "complaints.html"),
    WORD_LIST,
    Page("sprak", "languages.html"),
)
BY_SLUG = {page.slug: page for page in PAGES}
SLUGS = frozenset(BY_SLUG)


def render_page(renderer: Renderer, page: Page, **values: Any) -> Rendered:
    """Render a page in one language and reading mode.

    Args:
        renderer: of the language.
        page: which page.
        values: further values for the template, which replace those of the same name.
    """
    all_coverage: PageCoverage | None = renderer.renderers.values.get("page_coverage")
    coverage = all_coverage if page is BY_SLUG.get(page.slug) else None
    frame = {
        "slug": page.slug,
        "message_limit": MESSAGE_LIMIT,
        "private": False,
        "problems": (),
        "query": {},
        "coverage": coverage and coverage.of(page.slug, renderer.language.tag),
        "not_offered": coverage.not_offered(page.slug) if coverage else frozenset(),
        "sought": None,
    }
    return renderer.render(f"public/{page.template}", **{**frame, **page.values, **values})


def page_resource(
    renderer: Renderer,
    page: Page,
    *,
    status: int = 200,
    cache: str = REVALIDATE,
    headers: Iterable[tuple[str, str]] = (),
    **values: Any,
) -> Resource:
    """A page as a resource.

    Args:
        renderer: of the language and reading mode.
        page: which page.
        status, cache, headers: as ``resource`` takes them.
        values: further values for the template, which replace those of the same name.
    """
    return resource(
        render_page(renderer, page, **values).html,
        HTML,
        status=status,
        cache=cache,
        headers=[("content-language", renderer.language.tag), *headers],
        quality=BEST_QUALITY if cache == REVALIDATE else FAST_QUALITY,
    )


def is_alongside(scope: Scope) -> bool:
    """Whether a request asks for the Swedish text alongside."""
    return b"bredvid=sv" in scope["query_string"].split(b"&")
