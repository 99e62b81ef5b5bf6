"""Languages that nobody speaks, to find what was forgotten.

In ``en-XA`` every text is longer, accented and in brackets: what is cut off, or
shows without accents, did not come through a catalog. ``ar-XB`` is the same from
right to left. They have no folder in ``locales/``, so a portal that serves readers
does not have them; only the preview and tests make their catalogs.
"""

from collections.abc import Iterable
from itertools import chain

from portal.i18n.catalogs import Catalog
from portal.i18n.checks import PLACEHOLDER, Entry
from portal.i18n.languages import Language
from portal.i18n.plurals import parse_rule

TAGS = ("en-XA", "ar-XB")

_ACCENTS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzåäöABCDEFGHIJKLMNOPQRSTUVWXYZÅÄÖ",
    "áƀçđéƒğħíĵķłɱñóþɋŕšţúṽŵẋýžãâõÁƁÇĐÉƑĞĦÍĴĶŁṀÑÓÞɊŔŠŢÚṼŴẊÝŽÃÂÕ",
)
GROWTH = 0.4
"""By how much texts are longer than the Swedish, as Somali and Finnish often are."""


def catalog(language: Language, texts: Iterable[Entry]) -> Catalog:
    """A catalog in which every text is translated into nothing."""
    entries = {
        entry.key: tuple(map(disguised, _forms(entry, len(language.plural_examples))))
        for entry in texts
    }
    return Catalog(language, entries, parse_rule(language.plurals))


def _forms(entry: Entry, count: int) -> Iterable[str]:
    singular, *plural = entry.sources
    return chain([singular], plural * (count - 1))


def disguised(text: str) -> str:
    """A text in letters that are no language's, its values kept.

    >>> disguised("Ring %(phone)s.")
    '[Ŕíñğ %(phone)s. ~~]'
    """
    end, said = 0, ""
    for value in PLACEHOLDER.finditer(text):
        said += text[end : value.start()].translate(_ACCENTS) + value[0]
        end = value.end()
    said += text[end:].translate(_ACCENTS)
    return f"[{said} {'~' * round(GROWTH * len(PLACEHOLDER.sub('', text)))}]"
