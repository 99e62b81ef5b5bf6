"""The language for a reader who has not chosen one, from ``Accept-Language``."""

import re
from functools import lru_cache

from babel.core import get_global

from portal.i18n.languages import Language, Languages

HEADER_LIMIT = 1000
"""Characters of the header that are read."""

_RANGE = re.compile(r"\*|[a-z]{1,8}(-[a-z0-9]{1,8})*")
_SUBTAGS = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?(?=-|$)")
_ALIASES = {**get_global("language_aliases"), "no": "nb"}
"""Outdated codes in CLDR, and ``no``, which CLDR treats as ``nb`` but does not list there."""
_WEIGHT = re.compile(r"q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)")


def negotiate(languages: Languages, accept_language: str) -> Language:
    """The language for an ``Accept-Language`` header.

    RFC 4647 lookup (section 3.4) over the ranges of RFC 9110, section 12.5.4: the range with
    the highest weight first, each shortened until a language matches (``ar-EG`` matches
    ``ar``). Before a range is shortened, a tag of the same language with the same likely
    script (CLDR) is tried (``zh-TW`` matches ``zh-Hant``). A language refused with ``q=0`` is
    not chosen for ``*``. Malformed ranges are ignored. If no language matches, it is the source.
    """
    ranges = sorted(_weighted_ranges(accept_language), key=lambda weighted: -weighted[1])
    refused = {tag for tag, weight in ranges if weight == 0}
    available = {
        language.tag.lower(): language
        for language in languages.values()
        if language.tag.lower() not in refused
    }
    for tag, weight in ranges:
        if weight and (match := _look_up(tag, available)):
            return match
    return languages.source


def _look_up(tag: str, available: dict[str, Language]) -> Language | None:
    if tag == "*":
        return next(iter(available.values()), None)
    if tag not in available:
        own = _language_and_script(tag)
        tag = next((other for other in available if _language_and_script(other) == own), tag)
    while tag and tag not in available:
        tag = tag.rpartition("-")[0]
    return available.get(tag)


@lru_cache(1024)
def _language_and_script(tag: str) -> tuple[str, str]:
    """The language of a tag, by its current code, and the likely script (CLDR)."""
    subtags = _SUBTAGS.match(tag)
    if subtags is None:
        return tag, ""
    name, script, region = subtags.groups("")
    language, _, usual_script = _ALIASES.get(name, name).partition("_")
    likely = get_global("likely_subtags")
    full = likely.get(f"{language}_{region.upper()}") or likely.get(language) or "__"
    return language, script or usual_script.lower() or full.split("_")[1].lower()


def _weighted_ranges(header: str) -> list[tuple[str, float]]:
    """Each well-formed language range and its weight, in the order of the header."""
    weighted = []
    for part in re.sub(r"\s", "", header[:HEADER_LIMIT].lower()).split(","):
        tag, semicolon, parameter = part.partition(";")
        tag = tag.replace("_", "-")  # as Java writes its locales
        weight = _WEIGHT.fullmatch(parameter)
        if _RANGE.fullmatch(tag) and (weight or not semicolon):
            weighted.append((tag, float(weight[1]) if weight else 1.0))
    return weighted
