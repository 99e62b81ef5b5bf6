"""How much of a page stands in a language."""

from collections.abc import Set
from dataclasses import dataclass

from portal.i18n.catalogs import Catalog
from portal.i18n.checks import Key


@dataclass(frozen=True)
class Coverage:
    """Of the texts on a page, how many are shown in the language."""

    total: int
    translated: int
    fuzzy: int = 0
    """Translated for an earlier Swedish; shown in Swedish until somebody has looked."""

    @property
    def missing(self) -> int:
        """Those that nobody has translated, or whose translation cannot be shown."""
        return self.total - self.translated - self.fuzzy

    @property
    def percent(self) -> int:
        """The share that is shown, rounded down: 100 only when all is."""
        return 100 * self.translated // self.total if self.total else 100


def measure(catalog: Catalog, texts: Set[Key]) -> Coverage:
    """How many of some texts a catalog has; the source has them all."""
    if catalog.language.is_source or texts <= catalog.entries.keys():
        return Coverage(len(texts), len(texts))
    translated = sum(key in catalog.entries for key in texts)
    return Coverage(len(texts), translated, sum(key in catalog.fuzzy for key in texts))
