"""How much of each public page is translated, and in which languages a page is offered.

The texts of a page are those that its Swedish render shows. They are the same whatever is
translated, so one render of each page is enough for all languages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.i18n.catalogs import Catalog
from portal.i18n.coverage import Coverage, measure
from portal.i18n.rendering import Rendered


@dataclass(frozen=True)
class PageCoverage:
    """The coverage of every page in every language."""

    by_page: Mapping[str, Mapping[str, Coverage]]
    """By the page's slug and the language's tag."""
    threshold: int
    """The percentage of a page's texts that must be translated for the page to be offered."""

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

        For these, the language list leads to the Swedish page, which says in that language that
        the page is not translated yet.
        """
        by_language = self.by_page[slug].items()
        return frozenset(tag for tag, part in by_language if part.percent < self.threshold)


def cover_pages(
    swedish: Mapping[str, Rendered], catalogs: Mapping[str, Catalog], threshold: int
) -> PageCoverage:
    """Measure all pages in all languages.

    Args:
        swedish: every page in Swedish, by its slug.
        catalogs: by language tag.
        threshold: as ``PageCoverage`` has it.
    """
    by_page = {
        slug: {tag: measure(catalog, page.texts) for tag, catalog in catalogs.items()}
        for slug, page in swedish.items()
    }
    all_texts = frozenset().union(*(page.texts for page in swedish.values()))
    by_language = {tag: measure(catalog, all_texts) for tag, catalog in catalogs.items()}
    return PageCoverage(by_page, threshold, by_language)
