"""Which language a reader gets who has not chosen one (Accept-Language)."""

import re

from portal.i18n.languages import Language, Languages

HEADER_LIMIT = 1000
"""Characters of the header that are read."""

_RANGE = re.compile(r"\*|[a-z]{1,8}(-[a-z0-9]{1,8})*")
_WEIGHT = re.compile(r"q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)")


def negotiate(languages: Languages, accept_language: str) -> Language:
    """The language for an ``Accept-Language`` header.

    RFC 4647 lookup (section 3.4) over the ranges of RFC 9110, section 12.5.4: the range with
    the highest weight first, each shortened until a language fits (``ar-EG`` is served by
    ``ar``). A language refused with ``q=0`` is not chosen for ``*``. Malformed ranges are
    passed over; where nothing fits, the source is given.
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
    while tag and tag not in available:
        tag = tag.rpartition("-")[0]
    return available.get(tag)


def _weighted_ranges(header: str) -> list[tuple[str, float]]:
    """Each well-formed language range and its weight, in the order of the header."""
    weighted = []
    for part in re.sub(r"\s", "", header[:HEADER_LIMIT].lower()).split(","):
        tag, semicolon, parameter = part.partition(";")
        weight = _WEIGHT.fullmatch(parameter)
        if _RANGE.fullmatch(tag) and (weight or not semicolon):
            weighted.append((tag, float(weight[1]) if weight else 1.0))
    return weighted
