"""Pseudo-languages, which reveal untranslatable texts and narrow layouts.

In ``en-XA`` every text is longer, accented and in brackets: a text that is cut off has too
little room, and one without accents does not come from a catalog. ``ar-XB`` is the same from
right to left. They have no folder in ``locales/``, so they are never served to readers; only
the preview and tests use them.
"""

from collections.abc import Iterable

from portal.i18n.catalogs import Catalog
from portal.i18n.checks import PLACEHOLDER, CatalogEntry
from portal.i18n.languages import Language
from portal.i18n.plurals import parse_rule

TAGS = ("en-XA", "ar-XB")

_ACCENTS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzåäöABCDEFGHIJKLMNOPQRSTUVWXYZÅÄÖ",
    "áƀçđéƒğħíĵķłɱñóþɋŕšţúṽŵẋýžãâõÁƁÇĐÉƑĞĦÍĴĶŁṀÑÓÞɊŔŠŢÚṼŴẊÝŽÃÂÕ",
)
GROWTH = 0.4
"""How much longer texts become, as a share of the Swedish; Somali is often that much longer."""


def catalog(language: Language, texts: Iterable[CatalogEntry]) -> Catalog:
    """A catalog in which every text is Swedish, disguised.

    Args:
        language: a pseudo-language.
        texts: the entries of the template of all catalogs.
    """
    count = len(language.plural_examples)
    entries = {}
    for entry in texts:
        singular, *plural = entry.sources
        entries[entry.key] = tuple(map(disguise, [singular, *plural * (count - 1)]))
    return Catalog(language, entries, parse_rule(language.plural_header))


def disguise(text: str) -> str:
    """A text that is longer, accented and in brackets, its values unchanged.

    >>> disguise("Ring %(phone)s.")
    '[Ŕíñğ %(phone)s. ~~]'
    """
    end, accented = 0, ""
    for value in PLACEHOLDER.finditer(text):
        accented += text[end : value.start()].translate(_ACCENTS) + value[0]
        end = value.end()
    accented += text[end:].translate(_ACCENTS)
    return f"[{accented} {'~' * round(GROWTH * len(PLACEHOLDER.sub('', text)))}]"
