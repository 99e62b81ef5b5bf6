"""The languages of the portal, and how a visitor's is chosen.

Swedish is the source: its texts stand in the templates and it has no catalog.
Every folder ``locales/<tag>`` with a catalog is one more language; nothing else
has to be told about it. Tag, direction and own name come from one object, so
that they cannot disagree.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from babel import Locale

SOURCE = "sv"
FORMATS = {"en": "en_GB"}
"""Whose dates a language writes, where CLDR's own choice is another country's."""
CATALOG = "LC_MESSAGES/portal.po"
NUMBERS = range(1001)
"""Whole numbers that meet every plural category of every language in CLDR."""

_CATEGORIES = ("zero", "one", "two", "few", "many", "other")


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

    @property
    def is_source(self) -> bool:
        """Whether the texts are written in it."""
        return self.tag == SOURCE

    @property
    def plural_examples(self) -> list[tuple[str, int]]:
        """Each plural category of whole numbers (CLDR), with the first number in it."""
        first: dict[str, int] = {}
        for number in NUMBERS:
            first.setdefault(self.locale.plural_form(number), number)
        return [(category, first[category]) for category in _CATEGORIES if category in first]


def language(tag: str) -> Language:
    """The language of a tag such as ``ar`` or ``zh-Hant``.

    Raises:
        babel.UnknownLocaleError, ValueError: when CLDR does not know the tag.
    """
    locale = Locale.parse(tag, sep="-")
    name = locale.get_display_name(locale) or tag
    formats = Locale.parse(FORMATS[tag]) if tag in FORMATS else locale
    return Language(tag, name[0].upper() + name[1:], locale.text_direction, formats)


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
