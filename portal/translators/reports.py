"""Reports for translators: faults, coverage, and changed Swedish texts.

Each report is a dataclass, for ``--json``; as a string it is text to read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.i18n import catalogs
from portal.i18n.coverage import Coverage, measure
from portal.i18n.languages import CATALOG, SOURCE, Language, Languages, language
from portal.i18n.rendering import Renderers
from portal.i18n.templates import open_renderers
from portal.settings import Settings
from portal.translators import review
from portal.translators.examples import EXAMPLES, Example, where_shown
from portal.web.public.pages import PAGES, render_page

PAGE_NAMES = frozenset(example.name for example in EXAMPLES if isinstance(example, Example))
"""The names of the examples that are pages, not letters."""
NAMED_PAGES = 4
"""How many pages a finding names; the others are only counted."""

_WORDS = {
    "en": {
        "error": "error",
        "warning": "warning",
        "seen": "Seen on",
        "all": "every page",
        "more": "and {} more",
        "nowhere": "no page",
        "well": "No faults in what is translated.",
        "verdict": "Errors: {}. Warnings: {}. A text with an error is not published.",
    },
    "sv": {
        "error": "fel",
        "warning": "varning",
        "seen": "Syns på",
        "all": "alla sidor",
        "more": "och {} till",
        "nowhere": "ingen sida",
        "well": "Inga fel i det som är översatt.",
        "verdict": "Fel: {}. Varningar: {}. En text med fel publiceras inte.",
    },
}


@dataclass(frozen=True)
class Finding:
    """A fault as it is reported to a translator."""

    language: str
    file: str
    line: int
    level: str
    """``error`` or ``warning``."""
    check: str
    context: str | None
    source: str
    text: str
    seen_on: Sequence[str]
    """Paths of examples in the preview."""
    fault: str
    remedy: str
    interface_language: str
    """The language of the report: ``en`` or ``sv``."""

    def __str__(self) -> str:
        words = _WORDS[self.interface_language]
        head = f"{self.file}:{self.line}: {words[self.level]} ({self.check})"
        explanation = f"  {self.fault[0].upper()}{self.fault[1:]}. {self.remedy}"
        if not self.source:
            return f"{head}\n{explanation}"
        texts = f"  {self.source}\n  → {self.text}"
        return f"{head}\n{texts}\n{explanation}\n  {words['seen']}: {self._pages(words)}"

    def _pages(self, words: Mapping[str, str]) -> str:
        if {f"/{self.language}/{name}" for name in PAGE_NAMES} <= {*self.seen_on}:
            return words["all"]
        named = ", ".join(self.seen_on[:NAMED_PAGES]) or words["nowhere"]
        others = len(self.seen_on) - NAMED_PAGES
        return f"{named} {words['more'].format(others)}" if others > 0 else named


def faults(
    locales: Path, languages: Iterable[Language], settings: Settings, interface_language: str
) -> list[Finding]:
    """Everything that is wrong with the catalogs of some languages.

    Args:
        locales: the folder of the catalogs.
        languages: whose catalogs to check.
        settings: of the portal that shows the texts.
        interface_language: the language of the report, ``en`` or ``sv``.
    """
    pages = where_shown(_renderers(settings))
    findings = []
    for checked in languages:
        for fault in review.check(locales, checked):
            explanation = fault.explain(interface_language)
            names = pages.get((fault.context, fault.source), ())
            finding = Finding(
                checked.tag,
                f"{locales.name}/{checked.tag}/{CATALOG}",
                fault.line,
                "error" if fault.check.is_error else "warning",
                fault.check.name,
                fault.context,
                fault.source,
                fault.text,
                [f"/{checked.tag}/{name}" for name in names],
                explanation.fault,
                explanation.remedy,
                interface_language,
            )
            findings.append(finding)
    return findings


def verdict(findings: Sequence[Finding], interface_language: str) -> str:
    """How many errors and warnings there are, in one line."""
    words = _WORDS[interface_language]
    if not findings:
        return words["well"]
    errors = sum(finding.level == "error" for finding in findings)
    return words["verdict"].format(errors, len(findings) - errors)


@dataclass(frozen=True)
class ChangedText:
    """A Swedish text that has changed since it was translated."""

    line: int
    source: str
    previous: str
    difference: str
    """The text with what was added as ``{+…+}`` and what was removed as ``[-…-]``."""


@dataclass(frozen=True)
class Status:
    """How much of a language is translated."""

    language: str
    name: str
    all_texts: Coverage
    """Of all texts: those of pages, letters and standard sentences."""
    pages: Mapping[str, Coverage]
    """By slug."""
    changed: Sequence[ChangedText]

    def __str__(self) -> str:
        head = f"{self.name} ({self.language})"
        lines = [f"{head:40} translated  fuzzy  missing", _row("all texts", self.all_texts)]
        lines += [_row(f"/{self.language}/{slug}", page) for slug, page in self.pages.items()]
        if self.changed:
            lines += ["  Swedish texts that have changed:"]
            lines += [f"  {change.line}: {change.difference}" for change in self.changed]
        return "\n".join(lines)


def _row(name: str, coverage: Coverage) -> str:
    share = f"{coverage.translated:6}/{coverage.total:<3}"
    return f"  {name:38} {share} {coverage.fuzzy:6} {coverage.missing:8}"


def status(locales: Path, language: Language, settings: Settings) -> Status:
    """How much of a language is translated, page by page.

    Raises:
        CatalogError: when its catalog cannot be used.
    """
    file = catalogs.open_file(locales / language.tag / CATALOG, language)
    catalog = catalogs.publishable(file)
    renderers = _renderers(settings)
    source = renderers(renderers.languages.source)
    return Status(
        language.tag,
        language.name,
        measure(catalog, where_shown(renderers).keys()),
        {page.slug: measure(catalog, render_page(source, page).texts) for page in PAGES},
        [
            ChangedText(
                entry.line,
                entry.sources[0],
                entry.previous,
                review.changed(entry.previous, entry.sources[0]),
            )
            for entry in file.entries
            if entry.state == "fuzzy" and entry.previous
        ],
    )


def _renderers(settings: Settings) -> Renderers:
    """Renderers without any translation, which are enough to see which texts a page shows."""
    texts = {tag: catalogs.empty(language(tag)) for tag in (SOURCE, "en")}
    return open_renderers(settings, Languages(texts), texts, asset=str)
