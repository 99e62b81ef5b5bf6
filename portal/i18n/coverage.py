"""How much of a page is translated into a language."""

from collections.abc import Set
from dataclasses import dataclass

from portal.i18n.catalogs import Catalog
from portal.i18n.checks import Key


@dataclass(frozen=True)
class Coverage:
    """How many of some texts are translated, and how many translations are fuzzy."""

    total: int
    translated: int
    fuzzy: int = 0
    """Texts whose translation is of an earlier Swedish text; shown in Swedish until confirmed."""

    @property
    def missing(self) -> int:
        """The texts without a translation, or with an error in it."""
        return self.total - self.translated - self.fuzzy

    @property
    def percent(self) -> int:
        """The translated share, rounded down, so that 100 means all."""
        return 100 * self.translated // self.total if self.total else 100


def measure(catalog: Catalog, texts: Set[Key]) -> Coverage:
    """The coverage of some texts by a catalog; the source covers all."""
    if catalog.language.is_source or texts <= catalog.entries.keys():
        return Coverage(len(texts), len(texts))
    translated = sum(key in catalog.entries for key in texts)
    return Coverage(len(texts), translated, sum(key in catalog.fuzzy for key in texts))
