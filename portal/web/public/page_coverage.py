"""How much of each public page is translated, and in which languages a page is offered.

The texts of a page are those that its Swedish render shows. They are the same whatever is
translated, so one render of each page is enough for all languages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.i18n.catalogs import Catalog
from portal.i18n.checks import Key
from portal.i18n.coverage import Coverage, measure
from portal.i18n.rendering import Renderers
from portal.web.public.pages import PAGES, Page, render_page


@dataclass(frozen=True)
class PageCoverage:
    """The coverage of every page in every language."""

    by_page: Mapping[str, Mapping[str, Coverage]]
    """By the page's slug and the language's tag."""
    threshold: int
    """The least per cent of a page's texts for which the page is offered in a language."""

    by_language: Mapping[str, Coverage] = field(default_factory=dict)
    """Of the texts of all pages, by the language's tag."""

    @property
    def shares(self) -> dict[str, float]:
        """The share of the texts of all pages that is shown in each language, 0 to 1."""
        return {tag: part.percent / 100 for tag, part in self.by_language.items()}

    def of(self, slug: str, tag: str) -> Coverage:
        """The coverage of a page in a language."""
        return self.by_page[slug][tag]

    def not_offered(self, slug: str) -> frozenset[str]:
        """The tags of the languages in which a page is below the threshold.

        The language list leads from there to the Swedish page, which says why in that
        language.
        """
        by_language = self.by_page[slug].items()
        return frozenset(tag for tag, part in by_language if part.percent < self.threshold)


def texts_of(page: Page, renderers: Renderers) -> frozenset[Key]:
    """The texts that a page shows in Swedish."""
    return render_page(renderers(renderers.languages.source), page).texts


def cover_pages(
    renderers: Renderers, catalogs: Mapping[str, Catalog], threshold: int
) -> PageCoverage:
    """Measure all pages in all languages, from one Swedish render of each page.

    Raises:
        jinja2.TemplateError: for a fault in a page's template.
    """
    texts = {page.slug: texts_of(page, renderers) for page in PAGES}
    by_page = {
        slug: {tag: measure(catalog, keys) for tag, catalog in catalogs.items()}
        for slug, keys in texts.items()
    }
    all_texts = frozenset().union(*texts.values())
    by_language = {tag: measure(catalog, all_texts) for tag, catalog in catalogs.items()}
    return PageCoverage(by_page, threshold, by_language)
