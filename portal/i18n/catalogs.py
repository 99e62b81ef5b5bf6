"""What the translators wrote: one catalog a language, read from its ``.po`` file.

A catalog is read straight into memory; no compiled file stands between a
translator and the page. An entry with an error (see ``checks``) is left out, so
the Swedish text is shown in its place, and the fault is kept to be told. A file
that cannot be read, or whose plural rule is not the language's, refuses the whole
catalog.
"""

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.pofile import PoFileError, read_po

from portal.i18n.checks import (
    BROKEN,
    RULE,
    UNREADABLE,
    CatalogInfo,
    Check,
    Entry,
    Fault,
    Key,
    PluralForms,
    examine,
)
from portal.i18n.languages import CATALOG, Language, Languages
from portal.i18n.plurals import parse_rule

GLOSSARY = "glossary/{tag}.csv"
"""In Weblate's columns: a word with several good translations has several rows."""


class CatalogError(Exception):
    """A catalog that cannot be used at all, and why."""

    def __init__(self, path: Path, check: Check, *found: str, line: int = 0) -> None:
        self.fault = Fault(check, line, None, "", "", found)
        super().__init__(f"{path}:{line}: {self.fault.explain().fault}")


@dataclass(frozen=True)
class Catalog:
    """The texts of one language."""

    language: Language
    entries: Mapping[Key, PluralForms]
    """By context and Swedish text; one form, or one for each plural form."""
    plural_form: Callable[[int], int]
    faults: tuple[str, ...] = ()
    """What was left out, and why, a line each."""
    fuzzy: frozenset[Key] = frozenset()
    """What is translated for an earlier Swedish, and not shown."""

    def find(self, source: str, context: str | None = None, number: int = 0) -> str | None:
        """The translation of a Swedish text, or None where there is no usable one.

        Args:
            source: the Swedish text; the singular where it has a plural.
            context: tells apart equal short texts.
            number: chooses the plural form where there are several.
        """
        forms = self.entries.get((context, source))
        if forms is None:
            return None
        return forms[self.plural_form(number)] if len(forms) > 1 else forms[0]


@dataclass(frozen=True)
class File:
    """A ``.po`` file as it was read: everything in it, sound or not."""

    path: Path
    language: Language
    entries: tuple[Entry, ...]
    count: int
    """How many plural forms its texts have."""
    plural_form: Callable[[int], int]

    def info(self, glossary: Mapping[str, list[str]] | None = None) -> CatalogInfo:
        """What checks have to know of it."""
        return CatalogInfo(self.language, self.count, glossary or {})


def read_all(folder: Path, languages: Languages) -> dict[str, Catalog]:
    """A catalog for every language, by tag; the source's is empty.

    Raises:
        CatalogError: when one of them cannot be used.
    """
    catalogs = {tag: read(folder / tag / CATALOG, languages[tag]) for tag in translated(languages)}
    return {languages.source.tag: empty(languages.source)} | catalogs


def translated(languages: Languages) -> list[str]:
    """The tags of all languages but the source."""
    return [tag for tag, language in languages.items() if not language.is_source]


def empty(language: Language) -> Catalog:
    """A catalog without texts: everything is shown in Swedish."""
    return Catalog(language, {}, int)


def read(path: Path, language: Language) -> Catalog:
    """Read one catalog from its ``.po`` file; fuzzy and empty entries do not count.

    Raises:
        CatalogError: when the file is broken or its plural rule is not the language's.
    """
    return sound(open_file(path, language))


def sound(file: File) -> Catalog:
    """What of a file can be shown to readers."""
    info = file.info()
    entries: dict[Key, PluralForms] = {}
    faults = []
    for entry in file.entries:
        if entry.state != "translated":
            continue
        if fault := next(examine(entry, info, errors_only=True), None):
            faults.append(f"{file.path}:{entry.line}: {fault.explain().fault}")
        else:
            entries[entry.key] = entry.forms
    fuzzy = frozenset(entry.key for entry in file.entries if entry.state == "fuzzy")
    return Catalog(file.language, entries, file.plural_form, tuple(faults), fuzzy)


def open_file(path: Path, language: Language) -> File:
    """Read a ``.po`` file with everything in it.

    Raises:
        CatalogError: when the file is broken or its plural rule is not the language's.
    """
    try:
        content = path.read_bytes()
        if line := _malformed(content.decode()):
            raise CatalogError(path, BROKEN, line[1], line=line[0])
        catalog: Any = read_po(BytesIO(content), locale=language.locale, abort_invalid=True)
        plural_form = parse_rule(f"plural={catalog.plural_expr}")
    except PoFileError as error:
        raise CatalogError(path, BROKEN, str(error), line=(error.lineno or 0) + 1) from error
    except (ValueError, OSError) as error:
        raise CatalogError(path, UNREADABLE, str(error)) from error
    if wrong := _wrong_rule(plural_form, catalog.num_plurals, language):
        raise CatalogError(path, RULE, language.tag, wrong, language.plurals)
    entries = tuple(map(_entry, (message for message in catalog if message.id)))
    return File(path, language, entries, catalog.num_plurals, plural_form)


def glossary(folder: Path, tag: str) -> dict[str, list[str]]:
    """How a language translates words that must be the same everywhere; empty without a list.

    Args:
        folder: the catalogs'.
        tag: of the language.
    """
    path = folder / GLOSSARY.format(tag=tag)
    words: dict[str, list[str]] = {}
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                words.setdefault(row["source"], []).append(row["target"])
    return words


_SPACE = r"[^\S\n]*"
_LINE = re.compile(
    rf"(#.*|((msgctxt|msgid|msgid_plural|msgstr(\[\d+\])?){_SPACE})?"
    rf'"[^"\\\n]*+(\\.[^"\\\n]*+)*+")?{_SPACE}'
)
_LINES = re.compile(rf"(?>{_LINE.pattern}\n)*+(?>{_LINE.pattern})")


def _malformed(content: str) -> tuple[int, str] | None:
    """The first line that cannot stand in a ``.po`` file; Babel passes over some of them."""
    content = content.removeprefix("\ufeff")
    if _LINES.fullmatch(content):
        return None
    lines = enumerate(content.split("\n"), 1)
    return next(((n, line.strip()[:60]) for n, line in lines if not _LINE.fullmatch(line)), None)


def _wrong_rule(rule: Callable[[int], int], count: int, language: Language) -> str:
    """For which numbers, or for how many forms, a plural rule is not the language's."""
    if wrong := language.misplaced(rule):
        return str(wrong)
    right = len(language.plural_examples)
    return f"nplurals={count}" if language.is_known and count != right else ""


def _entry(message: Any) -> Entry:
    """An entry, from Babel's message."""
    former = [line[1:].strip() for line in message.user_comments if line.startswith("|")]
    return Entry(
        message.lineno,
        message.context,
        _texts(message.id),
        _texts(message.string),
        bool(message.fuzzy),
        frozenset(message.flags),
        "\n".join(message.auto_comments),
        "\n".join(line for line in message.user_comments if not line.startswith("|")),
        _previous(former),
    )


_QUOTED = re.compile(r'^(msgid(?:_plural)?|msgctxt)?\s*"(.*)"$')


def _previous(lines: Iterable[str]) -> str:
    """The former Swedish, from comments that begin with ``#|``."""
    parts, part = {"msgid": ""}, "msgid"
    for line in lines:
        if found := _QUOTED.match(line):
            part = found[1] or part
            parts[part] = parts.get(part, "") + found[2]
    return parts["msgid"].replace("\\n", "\n").replace('\\"', '"')


def _texts(value: object) -> PluralForms:
    """What Babel gives as one text or several, as several."""
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value or ""),)
