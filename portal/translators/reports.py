"""What translators are told: what is wrong, what is left to do, what has changed.

Each report is data, for ``--json``, and says itself in words for people.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.i18n import catalogs
from portal.i18n.checks import Fault, Key
from portal.i18n.coverage import Coverage, measure
from portal.i18n.languages import CATALOG, SOURCE, Language, Languages, language
from portal.i18n.rendering import Renderers
from portal.settings import Settings
from portal.translators import merging
from portal.translators.examples import EXAMPLES, where_shown
from portal.web.edition import open_renderers
from portal.web.public.page_coverage import texts_of
from portal.web.public.pages import PAGES

SHOWN = 4
"""Pages that are named before the rest is counted."""

_WORDS = {
    "en": {
        "error": "error",
        "warning": "warning",
        "seen": "Seen on",
        "all": "every page",
        "more": "and {} more",
        "nowhere": "no page",
        "well": "All well.",
        "verdict": "{} errors, {} warnings. A text with an error is not published.",
    },
    "sv": {
        "error": "fel",
        "warning": "varning",
        "seen": "Syns på",
        "all": "alla sidor",
        "more": "och {} till",
        "nowhere": "ingen sida",
        "well": "Allt är bra.",
        "verdict": "{} fel, {} varningar. En text med fel publiceras inte.",
    },
}


@dataclass(frozen=True)
class Finding:
    """A fault as a translator is told of it."""

    language: str
    file: str
    line: int
    level: str
    check: str
    context: str | None
    source: str
    text: str
    seen_on: Sequence[str]
    """Paths; the same in the preview."""
    fault: str
    remedy: str
    interface_language: str

    def __str__(self) -> str:
        words = _WORDS[self.interface_language]
        texts = [f"  {self.source}", f"  → {self.text}"] if self.source else []
        where = [f"  {words['seen']}: {self._places(words)}"] if self.source else []
        about = f"{self.fault[0].upper()}{self.fault[1:]}. {self.remedy}"
        head = f"{self.file}:{self.line}: {words[self.level]} ({self.check})"
        return "\n".join([head, *texts, f"  {about}", *where])

    def _places(self, words: Mapping[str, str]) -> str:
        if len(self.seen_on) == len(EXAMPLES):
            return words["all"]
        named = ", ".join(self.seen_on[:SHOWN]) or words["nowhere"]
        rest = len(self.seen_on) - SHOWN
        return f"{named} {words['more'].format(rest)}" if rest > 0 else named


def faults(
    locales: Path, languages: Iterable[Language], settings: Settings, interface_language: str
) -> list[Finding]:
    """Everything that is wrong with some catalogs, in English or Swedish."""
    places = where_shown(_any_renderers(settings))
    return [
        _told(locales, language, fault, places, interface_language)
        for language in languages
        for fault in merging.check(locales, language)
    ]


def _told(
    locales: Path,
    language: Language,
    fault: Fault,
    places: Mapping[Key, list[str]],
    interface_language: str,
) -> Finding:
    said = fault.explain(interface_language)
    return Finding(
        language.tag,
        f"{locales.name}/{language.tag}/{CATALOG}",
        fault.line,
        "error" if fault.check.is_error else "warning",
        fault.check.name,
        fault.context,
        fault.source,
        fault.text,
        [f"/{language.tag}/{name}" for name in places.get((fault.context, fault.source), ())],
        said.fault,
        said.remedy,
        interface_language,
    )


def verdict(told: Sequence[Finding], interface_language: str) -> str:
    """How it stands, in a line."""
    words = _WORDS[interface_language]
    if not told:
        return words["well"]
    errors = sum(one.level == "error" for one in told)
    return words["verdict"].format(errors, len(told) - errors)


@dataclass(frozen=True)
class Changed:
    """A text whose Swedish has changed since it was translated."""

    line: int
    source: str
    previous: str
    difference: str
    """What came ``{+so+}`` and what went ``[-so-]``."""


@dataclass(frozen=True)
class Status:
    """How far a language has come."""

    language: str
    name: str
    whole: Coverage
    pages: Mapping[str, Coverage]
    """By slug."""
    changed: Sequence[Changed]

    def __str__(self) -> str:
        head = f"{self.name} ({self.language})"
        rows = [("", "all texts", self.whole), *((f"/{s}", "", c) for s, c in self.pages.items())]
        lines = [f"{head:40} translated  fuzzy  missing"]
        for slug, about, c in rows:
            name = f"  {about or f'/{self.language}{slug}'}"
            lines.append(f"{name:40} {c.translated:6}/{c.total:<3} {c.fuzzy:6} {c.missing:8}")
        if self.changed:
            lines += ["  The Swedish has changed:"]
            lines += [f"  {one.line}: {one.difference}" for one in self.changed]
        return "\n".join(lines)


def status(locales: Path, language: Language, settings: Settings) -> Status:
    """How far a language has come, page by page.

    Raises:
        CatalogError: when its catalog cannot be used.
    """
    file = catalogs.open_file(locales / language.tag / CATALOG, language)
    catalog = catalogs.sound(file)
    renderers = _any_renderers(settings)
    return Status(
        language.tag,
        language.name,
        measure(catalog, where_shown(renderers).keys()),
        {page.slug: measure(catalog, texts_of(page, renderers)) for page in PAGES},
        [
            Changed(
                entry.line,
                entry.sources[0],
                entry.previous,
                merging.changed(entry.previous, entry.sources[0]),
            )
            for entry in file.entries
            if entry.state == "fuzzy" and entry.previous
        ],
    )


def _any_renderers(settings: Settings) -> Renderers:
    """Renderers for pages whose words do not matter: the Swedish and one that has none."""
    texts = {tag: catalogs.empty(language(tag)) for tag in (SOURCE, "en")}
    return open_renderers(settings, Languages(texts), texts, asset=str)
