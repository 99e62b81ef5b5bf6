"""Marks what in a guardian's text may fall under secrecy; the text is not changed.

Personal identity numbers are recognised by their date and check digit, words about health and
about protection by their stems, in Swedish, English and Arabic. A mark decides nothing: an
officer reads the text.
"""

import re
import unicodedata
from datetime import date
from typing import NamedTuple

from portal.cases.search import fold
from portal.content.characters import with_european_digits


class Mark(NamedTuple):
    """Why a text may fall under secrecy."""

    kind: str
    """``identity-number``, ``health`` or ``protection``."""
    words: tuple[str, ...]
    """The words or numbers as they are in the text, each once."""


_NUMBER = re.compile(
    r"(?<![0-9])(?:(18|19|20)[ -]?)?([0-9]{2})[ -]?([0-9]{2})[ -]?([0-9]{2}) ?[-+\u2010-\u2015]?"
    r" ?([0-9]{3})([0-9])(?![0-9])"
)
"""A personal identity number with or without century and hyphen (folkbokföringslagen, 18 §)."""
COORDINATION = 60
"""Added to the day in the number of a person who is not registered (lag 2022:1697)."""

_STEMS = {
    "health": (
        *("adhd", "allergi", "astma", "autis", "barnpsyk", "bup", "cancer", "depress", "diabet"),
        *("diagnos", "dyslexi", "epilep", "funktionsned", "funktionshind", "habilit", "läkar"),
        *("medicin", "missbruk", "psyk", "sjukdom", "sjukhus", "självmord", "självskad"),
        *("ångest", "ätstör", "asperger", "tourette", "vårdcentral"),
        *("anxiety", "asthma", "disab", "disease", "doctor", "dyslexia", "hospital", "illness"),
        *("medication", "mental", "psych", "suicid", "therap"),
        *("أدوية", "اعاقة", "اكتئاب", "انتحار", "ادمان", "توحد", "حساسية", "دواء", "ربو"),
        *("سكري", "سرطان", "صرع", "طبيب", "علاج", "مرض", "مريض", "مستشفى", "نفسية", "نفسيا"),
        *("تشخيص", "معاق"),
    ),
    "protection": (
        *("fridlyst", "förföljelse", "hedersvåld", "hedersrel", "hotad", "hotar", "hotbild"),
        *("kontaktförbud", "kvarskriv", "kvinnojour", "lvu", "misshand", "orosanmäl"),
        *("sekretessmark", "skyddad", "skyddat", "socialtjänst", "våld", "övergrepp"),
        *("abus", "assault", "protected", "restraining", "shelter", "stalk", "threat", "violen"),
        *("اعتداء", "تهديد", "تحرش", "عنف", "محمية", "مهدد", "ملجأ", "يهدد"),
    ),
}
_PREFIX = re.compile("[وف]?(?:[بلك]?ال|لل|[بلك])?")
"""Particles that Arabic writes together with a word: and, in, for, as, the."""


def marks(text: str) -> list[Mark]:
    """What in a text may fall under secrecy.

    >>> marks("Min son, 20120101-2380, har autism.")
    [Mark(kind='identity-number', words=('20120101-2380',)), Mark(kind='health', words=('autism',))]
    """
    kinds: dict[str, list[str]] = {"identity-number": _identity_numbers(text)}
    for word in dict.fromkeys(text.split()):
        if kind := _kind(word):
            kinds.setdefault(kind, []).append(word.strip(_MARKS))
    return [Mark(kind, tuple(dict.fromkeys(words))) for kind, words in kinds.items() if words]


def _identity_numbers(text: str) -> list[str]:
    """The identity numbers in a text, whatever the script of their digits."""
    readable = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return [
        readable[match.start() : match.end()]
        for match in _NUMBER.finditer(with_european_digits(readable))
        if _is_date(*match.groups()[:4]) and _is_checked("".join(match.groups()[1:]))
    ]


def _is_date(century: str | None, year: str, month: str, day: str) -> bool:
    """Whether this is a date; the century only matters for the 29th of February."""
    number = int(day)
    try:
        date(
            int((century or "20") + year),
            int(month),
            number - COORDINATION if number > COORDINATION else number,
        )
    except ValueError:
        return False
    return True


def _is_checked(digits: str) -> bool:
    """Whether the last of ten digits checks the others (Luhn)."""
    products = (int(digit) * (2 - index % 2) for index, digit in enumerate(digits))
    return sum(product // 10 + product % 10 for product in products) % 10 == 0


def _kind(word: str) -> str | None:
    """The kind of the stem with which a word begins, with or without ``_PREFIX``."""
    for part in fold(word):
        prefix = _PREFIX.match(part)
        bare = part[prefix.end() :] if prefix else part
        for kind, stems in _FOLDED.items():
            if part.startswith(stems) or bare.startswith(stems):
                return kind
    return None


_MARKS = ".,;:!?()[]\"'«»“”’…؟،؛"
_FOLDED = {kind: tuple("".join(fold(stem)) for stem in stems) for kind, stems in _STEMS.items()}
