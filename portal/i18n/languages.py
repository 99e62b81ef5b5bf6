"""The languages of the portal, and how a visitor's is chosen.

Swedish is the source: its texts stand in the templates and it has no catalog.
Every folder ``locales/<tag>`` with a catalog is one more language; nothing else
has to be told about it. Tag, direction and own name come from one object, so
that they cannot disagree.
"""

import gettext
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.plural import PluralRule, to_gettext

SOURCE = "sv"
FORMATS = {"en": "en_GB"}
"""Whose dates a language writes, where CLDR's own choice is another country's."""
CATALOG = "LC_MESSAGES/portal.po"
NUMBERS = range(1001)
"""Whole numbers that meet every plural category of every language in CLDR."""

PLURALS = (
    "nplurals=1; plural=0;",
    "nplurals=2; plural=(n != 1);",
    "nplurals=2; plural=(n > 1);",
    "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",
    "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0"
    " : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",
    "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2"
    " : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
)
"""Rules as the gettext manual and translators' tools write them."""
RIGHT_TO_LEFT = frozenset({"Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Syrc", "Thaa"})
"""Scripts; for languages whose direction CLDR does not tell."""

_CATEGORIES = ("zero", "one", "two", "few", "many", "other")


class NoLanguage(ValueError):
    """Something that was to be the tag of a language is not."""


@dataclass(frozen=True)
class Language:
    """A language pages are written in."""

    tag: str
    """As in the path and in ``lang`` (BCP 47)."""
    name: str
    """What the language calls itself."""
    direction: str
    """``ltr`` or ``rtl``, for ``dir``."""
    locale: Locale
    is_known: bool = True
    """Whether CLDR has it; if not, its dates and numbers are written as the source's."""

    @property
    def is_source(self) -> bool:
        """Whether the texts are written in it."""
        return self.tag == SOURCE

    @cached_property
    def plural_examples(self) -> list[tuple[str, int]]:
        """Each plural category of whole numbers (CLDR), with the first number in it."""
        found = self._categories
        return [(one, found.index(one)) for one in _CATEGORIES if one in found]

    @property
    def _categories(self) -> tuple[str, ...]:
        """The plural category of each of the numbers."""
        return _categories(tuple(self.locale.plural_form.rules.items()))

    @cached_property
    def plurals(self) -> str:
        """The value of ``Plural-Forms`` in its catalog, its forms in the order of CLDR.

        Derived, because Babel's own table is wrong for Arabic, Persian, Turkish and others.
        """
        rules = self.locale.plural_form.rules
        derived = to_gettext({name: rules[name] for name, _ in self.plural_examples[:-1]})
        return next((one for one in PLURALS if not self._differs(plural_rule(one))), derived)

    def misplaced(self, plural_form: Callable[[int], int]) -> list[int]:
        """Numbers for which a rule does not give the form that CLDR's order of forms gives.

        Babel's own rule for Arabic is wrong in this way: 11 to 99 and 100 to 102 change places.
        """
        return self._differs(plural_form) if self.is_known else []

    def _differs(self, plural_form: Callable[[int], int]) -> list[int]:
        order = [category for category, _ in self.plural_examples]
        return _differing(plural_form, tuple(map(order.index, self._categories)))[:3]


# Many languages share their rules, so each is tried once.
@lru_cache(64)
def _categories(rules: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return tuple(map(PluralRule(rules), NUMBERS))


@lru_cache(64)
def _differing(plural_form: Callable[[int], int], forms: tuple[int, ...]) -> list[int]:
    return [n for n, form in zip(NUMBERS, forms, strict=True) if plural_form(n) != form]


@lru_cache(64)
def plural_rule(header: str) -> Callable[[int], int]:
    """The rule in a ``Plural-Forms`` header: which form a number takes.

    Raises:
        ValueError: when it is none.
    """
    return gettext.c2py(header.partition("plural=")[2].rstrip("; "))


def language(tag: str) -> Language:
    """The language of a tag such as ``ar`` or ``zh-Hant``.

    Raises:
        NoLanguage: when it is no language tag.
    """
    if not _TAG.fullmatch(tag):
        raise NoLanguage(f"{tag} is no language tag (BCP 47), such as ar or zh-Hant")
    try:
        locale = Locale.parse(tag, sep="-")
    except UnknownLocaleError:
        return _unknown(tag)
    name = locale.get_display_name(locale) or tag
    formats = Locale.parse(FORMATS[tag]) if tag in FORMATS else locale
    direction = "rtl" if RIGHT_TO_LEFT & {*tag.split("-")} else locale.text_direction
    return Language(tag, name[0].upper() + name[1:], direction, formats)


def _unknown(tag: str) -> Language:
    """A language that CLDR has no data for: a wider one stands in, or Swedish.

    Only the direction is its own, where its script is known.
    """
    wider, _, rest = tag.rpartition("-")
    if wider and (known := language(wider)).is_known:
        return replace(known, tag=tag, name=f"{known.name} ({rest})")
    source = Locale.parse(SOURCE)
    likely: str = get_global("likely_subtags").get(tag, "")
    scripts = {*tag.split("-"), *likely.split("_")}
    direction = "rtl" if RIGHT_TO_LEFT & scripts else "ltr"
    name = source.languages.get(tag.partition("-")[0], tag)
    return Language(tag, name[0].upper() + name[1:], direction, source, is_known=False)


class Languages(Mapping[str, Language]):
    """All languages by their tags, the source first, the others by their own names."""

    def __init__(self, tags: Iterable[str]) -> None:
        others = sorted((language(tag) for tag in {*tags} - {SOURCE}), key=lambda one: one.name)
        self.source = language(SOURCE)
        self._by_tag = {one.tag: one for one in (self.source, *others)}

    def __getitem__(self, tag: str) -> Language:
        return self._by_tag[tag]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_tag)

    def __len__(self) -> int:
        return len(self._by_tag)

    def choose(self, accepted: str) -> Language:
        """The language for an ``Accept-Language`` header.

        RFC 4647 lookup (section 3.4) over the ranges of RFC 9110 section 12.5.4:
        the best-liked range first, each shortened until a language fits
        (``ar-EG`` is served by ``ar``); what is refused with ``q=0`` is not chosen
        for ``*``. Anything malformed is passed over; nothing fitting gives Swedish.
        """
        wishes = sorted(_ranges(accepted), key=lambda wish: -wish[1])
        refused = {tag for tag, quality in wishes if quality == 0}
        for tag, quality in wishes:
            if quality and (found := self._lookup(tag, refused)):
                return found
        return self.source

    def _lookup(self, tag: str, refused: set[str]) -> Language | None:
        open_to = {one.tag.lower(): one for one in self.values() if one.tag.lower() not in refused}
        if tag == "*":
            return next(iter(open_to.values()), None)
        while tag and tag not in open_to:
            tag = tag.rpartition("-")[0]
        return open_to.get(tag)


def discover(folder: Path) -> Languages:
    """The source and every language that has a catalog in ``folder``."""
    return Languages(path.parts[-3] for path in folder.glob(f"*/{CATALOG}"))


_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_RANGE = re.compile(r"\*|[a-z]{1,8}(-[a-z0-9]{1,8})*")
_QUALITY = re.compile(r"q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)")
_HEADER_LIMIT = 1000


def _ranges(header: str) -> list[tuple[str, float]]:
    """Each well-formed language range and how much it is wanted, in the header's order."""
    wishes = []
    for part in re.sub(r"\s", "", header[:_HEADER_LIMIT].lower()).split(","):
        tag, given, weight = part.partition(";")
        quality = _QUALITY.fullmatch(weight)
        if _RANGE.fullmatch(tag) and (quality or not given):
            wishes.append((tag, float(quality[1]) if quality else 1.0))
    return wishes
