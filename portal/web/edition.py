"""An edition: everything that is built from texts, templates and style sheets.

An edition is never changed, only replaced by a new one. A request is served from the edition
that was current when it arrived, so it never sees half of a change. The next edition reuses
the files of ``static``, catalogs that have not changed, and compressed bodies of equal bytes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from itertools import islice
from pathlib import Path

from portal.content.hours import Opening
from portal.content.words import words_in
from portal.i18n.catalogs import Catalog, read_all
from portal.i18n.languages import Languages, discover
from portal.i18n.rendering import Renderers
from portal.i18n.templates import LOCALES, open_renderers
from portal.settings import DATA, Settings
from portal.web import health
from portal.web.assets import Assets
from portal.web.headers import REVALIDATE
from portal.web.public.errors import Errors
from portal.web.public.machine_files import machine_files
from portal.web.public.page_coverage import PageCoverage, cover_pages
from portal.web.public.pages import (
    PAGES,
    WORD_LIST,
    page_resource,
    render_page,
)
from portal.web.resources import Bodies, Resource, Resources, redirect

COMPRESSED_AHEAD = 1000
"""The most resources that are built and compressed before a reader asks for them."""
MOST_PARAMETERS = 20
"""The most parameters of a query that ``find`` looks at."""


@dataclass(frozen=True)
class Edition:
    """All pages and files of one state of the catalogs."""

    renderers: Renderers
    catalogs: Mapping[str, Catalog]
    """By language tag."""
    coverage: PageCoverage
    opening: Opening | None
    """Whether the telephone is answered, and when that changes; then the edition is stale."""
    resources: Resources[str]
    """By address: path and query."""
    errors: Errors

    @property
    def languages(self) -> Languages:
        """The languages of its pages."""
        return self.renderers.languages

    @property
    def faults(self) -> list[str]:
        """The texts left out of the catalogs because of an error, a line each."""
        return [fault for catalog in self.catalogs.values() for fault in catalog.faults]

    def find(self, path: str, query: str) -> Resource | None:
        """The resource of an address, or None.

        The reading mode, or the language in which a page is missing (``saknas``), is looked for
        among the first ``MOST_PARAMETERS`` parameters of the query. Others are ignored, such as
        those that social networks add to a link.
        """
        for parameter in query.split("&", MOST_PARAMETERS)[:MOST_PARAMETERS]:
            if resource := self.resources.find(f"{path}?{parameter}"):
                return resource
        return self.resources.find(path)

    def is_stale(self, now: datetime) -> bool:
        """Whether telephone hours have begun or ended since the edition was built."""
        return self.opening is not None and self.opening.changes_at <= now

    def compress_ahead(self, may_go_on: Callable[[], bool] = lambda: True) -> None:
        """Build and compress the resources that readers are likely to ask for.

        Args:
            may_go_on: called before each resource; False ends the work.
        """
        for address in islice(self.resources, COMPRESSED_AHEAD):
            if not may_go_on():
                return
            self.resources.built(address).representations  # noqa: B018 - compresses
        self.resources.forget_former()


def build(settings: Settings, locales: Path = LOCALES) -> Edition:
    """Read all catalogs and build an edition from them.

    Raises:
        CatalogError: when a catalog cannot be used.
        jinja2.TemplateError: when a template is at fault.
    """
    return build_from(settings, read_all(locales, discover(locales)), datetime.now(UTC))


def build_from(
    settings: Settings,
    catalogs: Mapping[str, Catalog],
    now: datetime,
    compressed: dict[str, Bodies] | None = None,
) -> Edition:
    """Build an edition.

    Every public page is rendered once in Swedish, and so is one error page, so a fault in them is
    raised here. Pages are built when they are first requested or compressed ahead.

    Args:
        settings: what the operator decided.
        catalogs: by language tag, the source's among them.
        now: decides whether the telephone is answered.
        compressed: bodies of the former edition, by entity tag.

    Raises:
        jinja2.TemplateError: when a template is at fault.
    """
    languages = Languages(catalogs)
    assets = _open_assets(DATA / "static")
    hours = settings.confirmed.phone_hours
    opening = hours.opening(now) if hours else None
    open_all = partial(open_renderers, settings, languages, catalogs, asset=assets, opening=opening)
    in_swedish = open_all()(languages.source)
    swedish = {page.slug: render_page(in_swedish, page) for page in PAGES}
    coverage = cover_pages(swedish, catalogs, settings.translated_share)
    # The words explained on a page can be found only in its finished text.
    page_words = {
        slug: words_in(page.main_text) for slug, page in swedish.items() if slug != WORD_LIST.slug
    }
    renderers = open_all(page_words=page_words, page_coverage=coverage)
    errors = Errors(renderers)
    errors.page(500, languages.source)
    builders: dict[str, Callable[[], Resource]] = {
        **{path: partial(assets.resources.__getitem__, path) for path in assets.resources},
        **dict(_page_builders(renderers, coverage)),
        **{f"/{tag}": partial(_add_slash, tag) for tag in languages},
        **machine_files(settings.base_url, languages, now),
        **dict.fromkeys(health.ALIVE, health.alive),
    }
    resources = Resources(builders, compressed)
    return Edition(renderers, catalogs, coverage, opening, resources, errors)


@cache
def _open_assets(folder: Path) -> Assets:
    """Read once, like the templates, so that pages and files are always of one version."""
    return Assets(folder)


def _page_builders(
    renderers: Renderers, coverage: PageCoverage
) -> Iterator[tuple[str, Callable[[], Resource]]]:
    """The address of each page in each language and reading mode, and what builds it.

    Each Swedish page also has an address for every other language (``saknas``). There it says
    that it is not offered in that language, if that is so.

    The pages that are requested most come first, because they are compressed in this order.
    """
    for renderer in sorted(renderers.all, key=lambda renderer: renderer.alongside):
        for page in PAGES:
            yield renderer.href(page.slug), partial(page_resource, renderer, page)
    source = renderers(renderers.languages.source)
    for page in PAGES:
        not_offered = coverage.not_offered(page.slug)
        for language in renderers.languages.values():
            if not language.is_source:
                address = source.href(page.slug, saknas=language.tag)
                sought = language if language.tag in not_offered else None
                yield address, partial(page_resource, source, page, sought=sought)


def _add_slash(tag: str) -> Resource:
    return redirect(f"/{tag}/", 308, cache=REVALIDATE)
