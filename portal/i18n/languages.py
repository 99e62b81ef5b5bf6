"""The languages of the portal.

Swedish is the source: its texts are in the templates and it has no catalog. Every folder
``locales/<tag>`` with a catalog adds a language; its name, direction and plural rule come
from CLDR. ``STAND_INS`` and ``OWN_NAMES`` are for languages that CLDR lacks.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from portal.i18n import plurals
from portal.i18n.plurals import Rule

SOURCE = "sv"
FORMATS = {"en": "en_GB"}
"""Locales for dates and numbers where CLDR's default (American English) does not suit."""
CATALOG = "LC_MESSAGES/portal.po"
RIGHT_TO_LEFT = frozenset({"Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Syrc", "Thaa"})
"""Scripts (ISO 15924), for tags that name their script and for languages that CLDR lacks."""

STAND_INS = {"prs": "fa", "pnb": "pa-Arab"}
"""Languages that CLDR lacks, and a related language whose data is used instead."""
OWN_NAMES = {"prs": "دری", "pnb": "پنجابی"}
"""The names of languages that CLDR lacks, in these languages."""

_MONTH_WITHOUT_NAME = "M01"
"""January in CLDR's root, and in languages without names of months, such as South Sami."""

_TAG = re.compile(r"(?!.{36})[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
"""No longer than the longest that RFC 5646, 4.4.1 expects."""


class NoLanguage(ValueError):
    """A text is not a valid language tag, or no language of the portal has this tag."""


@dataclass(frozen=True)
class Language:
    """A language that pages are written in."""

    tag: str
    """As in the path and in ``lang`` (BCP 47)."""
    name: str
    """What the language calls itself."""
    direction: str
    """``ltr`` or ``rtl``, for ``dir``."""
    locale: Locale
    """CLDR's data for it, or for its stand-in."""
    is_known: bool = True
    """Whether CLDR has it, its stand-in or a wider language; if not, its dates and numbers are as
    in Swedish."""

    @property
    def is_source(self) -> bool:
        """Whether the texts are written in it."""
        return self.tag == SOURCE

    @cached_property
    def formats(self) -> Locale:
        """How its dates and numbers are written: as in Swedish, if CLDR has no names of months."""
        locale = Locale.parse(FORMATS.get(str(self.locale), self.locale))
        has_months = locale.months["format"]["wide"][1] != _MONTH_WITHOUT_NAME
        return locale if has_months else Locale.parse(SOURCE)

    @cached_property
    def plural_examples(self) -> list[tuple[str, int]]:
        """Each plural category of whole numbers (CLDR), with the first number in it."""
        return plurals.examples(self.locale)

    @cached_property
    def plural_header(self) -> str:
        """The value of ``Plural-Forms`` in its catalog."""
        return plurals.header(self.locale)

    def misplaced(self, rule: Rule) -> list[int]:
        """The first numbers that a plural rule groups in another way than CLDR does.

        Empty if the rule is right, or if ``is_known`` is false.
        """
        return plurals.misplaced(rule, self.locale) if self.is_known else []


def language(tag: str) -> Language:
    """The language with a tag such as ``ar`` or ``zh-Hant``.

    Raises:
        NoLanguage: when the tag is not valid.
    """
    if not _TAG.fullmatch(tag):
        raise NoLanguage(f"{tag} is not a language tag (BCP 47), such as ar or zh-Hant")
    subtags = tag.split("-")[1:]
    script = next((subtag for subtag in subtags if len(subtag) == 4), "")
    try:
        locale = Locale.parse(STAND_INS.get(tag, tag), sep="-")
    except UnknownLocaleError:
        return _unknown_language(tag, script)
    except ValueError:
        raise NoLanguage(f"{tag} has parts that CLDR cannot read") from None
    # CLDR fills in a script and a region that the tag does not ask for.
    asked = Locale(
        locale.language,
        locale.territory if locale.territory in subtags else None,
        locale.script if locale.script in subtags else None,
    )
    name = OWN_NAMES.get(tag) or asked.get_display_name(locale) or tag
    if script and script != locale.script:
        name += f" ({locale.scripts.get(script, script)})"
    return Language(tag, _capitalized(name), _direction(script, locale), locale)


def is_tag(text: str) -> bool:
    """Whether a text is a valid language tag."""
    try:
        return bool(language(text))
    except NoLanguage:
        return False


def _direction(script: str, locale: Locale) -> str:
    if script:
        return "rtl" if script in RIGHT_TO_LEFT else "ltr"
    return str(locale.text_direction)


def _unknown_language(tag: str, script: str) -> Language:
    """A language that CLDR has no data for.

    It uses the data of the wider language (the tag without its last subtag), or else of Swedish.
    Its direction is that of the script that the tag names; without one, that of the wider language
    if CLDR has it, or of the likely script (CLDR), or else left to right.
    """
    wider, _, subtag = tag.rpartition("-")
    source = Locale.parse(SOURCE)
    if wider and (wider_language := language(wider)).is_known:
        subtag_name = source.scripts.get(subtag, subtag)
        name = f"{wider_language.name} ({subtag_name})"
        direction = _direction(script, wider_language.locale)
        return replace(wider_language, tag=tag, name=name, direction=direction)
    language_subtag = tag.partition("-")[0]
    likely: str = get_global("likely_subtags").get(language_subtag, "")
    scripts = {script} if script else {*likely.split("_")}
    direction = "rtl" if RIGHT_TO_LEFT & scripts else "ltr"
    name = OWN_NAMES.get(tag) or source.languages.get(language_subtag, tag)
    return Language(tag, _capitalized(name), direction, source, is_known=False)


def _capitalized(name: str) -> str:
    # Not upper(): Georgian has capitals, but begins no word with one.
    return name[0].title() + name[1:]


class Languages(Mapping[str, Language]):
    """All languages by their tags: the source first, the others by their own names."""

    def __init__(self, tags: Iterable[str]) -> None:
        others = (language(tag) for tag in {*tags} - {SOURCE})
        self.source = language(SOURCE)
        ordered = (self.source, *sorted(others, key=lambda language: language.name))
        self._by_tag = {language.tag: language for language in ordered}

    def __getitem__(self, tag: str) -> Language:
        return self._by_tag[tag]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_tag)

    def __len__(self) -> int:
        return len(self._by_tag)


def discover(folder: Path) -> Languages:
    """The source and every language that has a catalog in a folder.

    Folders whose name is not a language tag are ignored; ``strange_folders`` lists them.
    """
    names = (path.parts[-3] for path in folder.glob(f"*/{CATALOG}"))
    return Languages(name for name in names if is_tag(name) and name != SOURCE)


def strange_folders(folder: Path) -> list[str]:
    """The folders with a catalog that are ignored, and why, a line each."""
    lines = []
    for path in sorted(folder.glob(f"*/{CATALOG}")):
        name = path.parts[-3]
        if name == SOURCE:
            lines.append(f"{path}: Swedish is the source and has no catalog")
        elif not is_tag(name):
            tag = re.sub(r"[^A-Za-z0-9]+", "-", name)
            advice = f"; rename it to {tag}" if is_tag(tag) else ""
            lines.append(f"{path}: {name} is not a language tag (BCP 47){advice}")
    return lines
