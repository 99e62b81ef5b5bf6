"""The translations of each language, read from its ``.po`` file.

A catalog is read straight into memory; there is no compiled file. ``read`` decides what of
a file is published, at a start and at a reload alike:

- An entry with an error (see ``checks``) is left out and reported, so its text is shown in
  Swedish.
- A file that is broken, or whose plural rule is not the language's, raises ``CatalogError``.
  Then a portal does not start; a running one keeps the language's former catalog.
- A running portal also refuses a file with fewer than half as many translations to show as
  the former catalog had. A start has no former catalog to compare with.

What translators' tools write and the portal does not use, such as dates, the name of the
language and obsolete entries, is never a reason to refuse a file.
"""

import csv
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog as BabelCatalog
from babel.messages.pofile import PoFileError, PoFileParser

from portal.i18n.checks import (
    BROKEN,
    CHARSET,
    CUT_OFF,
    DUPLICATE,
    GLOSSARY_FILE,
    HEADER,
    RULE,
    UNREADABLE,
    CatalogEntry,
    CatalogInfo,
    Check,
    Fault,
    Key,
    PluralForms,
    examine,
)
from portal.i18n.languages import CATALOG, Language, Languages
from portal.i18n.plurals import Rule, parse_rule, used_forms

GLOSSARY = "glossary/{tag}.csv"
"""The path below the catalogs. A word with several accepted translations has several rows."""
MOST_FORMS = 10
"""The most plural forms that a header may declare; no language has more than six."""
FEWEST_TEXTS = 0.5
"""A saved file with a smaller share of the former translations was probably cut off."""


class CatalogError(Exception):
    """A file that cannot be used at all, and why."""

    def __init__(self, path: Path, check: Check, *details: str, line: int = 1) -> None:
        self.fault = Fault(check, line, None, "", "", details)
        super().__init__(f"{path}:{line}: {self.fault.explain().fault}")


@dataclass(frozen=True)
class Catalog:
    """The texts of one language."""

    language: Language
    entries: Mapping[Key, PluralForms]
    """By context and Swedish text; one form, or one for each plural form."""
    plural_form: Rule
    faults: tuple[str, ...] = ()
    """The entries that were left out because of an error, and the error, a line each."""
    fuzzy: frozenset[Key] = frozenset()
    """The texts whose translation belongs to an earlier Swedish text, and is not shown."""
    digest: bytes = field(default=b"", compare=False)
    """The hash of the file that was read; empty for a catalog that has none."""

    def find(self, source: str, context: str | None = None, number: int = 0) -> str | None:
        """The translation of a Swedish text, or None if there is none to show.

        Args:
            source: the Swedish text; the singular, if it has a plural.
            context: distinguishes equal short texts.
            number: selects the plural form, if there are several.
        """
        forms = self.entries.get((context, source))
        if forms is None:
            return None
        if len(forms) == 1:
            return forms[0]
        form = self.plural_form(number)
        return (forms[form] or None) if form < len(forms) else None


@dataclass(frozen=True)
class CatalogFile:
    """A ``.po`` file with all its entries, those with errors too."""

    path: Path
    language: Language
    entries: tuple[CatalogEntry, ...]
    form_count: int
    """The number of plural forms that its header declares."""
    plural_form: Rule

    def info(self, glossary: Mapping[str, list[str]] | None = None) -> CatalogInfo:
        """What checks must know about it."""
        return CatalogInfo(self.language, self.form_count, glossary or {}, self.plural_form)


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


def read(path: Path, language: Language, former: Catalog | None = None) -> Catalog:
    """Read one catalog from its ``.po`` file.

    Args:
        path: of the file.
        language: of the texts.
        former: the catalog that the file is to replace; returned if the new one would equal it.

    Raises:
        CatalogError: when the file is broken, its plural rule is not the language's, or fewer
            than half as many translations as before can be shown.
    """
    content = _content(path)
    digest = hashlib.sha256(content).digest()
    if former and former.digest == digest:
        return former
    catalog = replace(publishable(_parse(path, language, content)), digest=digest)
    if former and len(catalog.entries) < FEWEST_TEXTS * len(former.entries):
        raise CatalogError(path, CUT_OFF, str(len(catalog.entries)), str(len(former.entries)))
    return former if former == catalog else catalog


def publishable(file: CatalogFile) -> Catalog:
    """The catalog of a file: its translated entries without errors; fuzzy ones are not shown."""
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


_UNUSED_HEADER = re.compile(r'^"(?:POT-Creation-Date|PO-Revision-Date|Language):.*"$', re.MULTILINE)
_OBSOLETE = re.compile(r"^#~.*$", re.MULTILINE)


def open_file(path: Path, language: Language) -> CatalogFile:
    """Read a ``.po`` file with all its entries.

    Raises:
        CatalogError: when the file is broken or its plural rule is not the language's.
    """
    return _parse(path, language, _content(path))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CatalogError(path, UNREADABLE, str(error)) from error


def _parse(path: Path, language: Language, file_content: bytes) -> CatalogFile:
    try:
        content = clean(file_content.decode("utf-8-sig"))
    except ValueError as error:
        raise CatalogError(path, UNREADABLE, str(error)) from error
    if malformed := _malformed_line(content):
        raise CatalogError(path, BROKEN, malformed[1], line=malformed[0])
    count = _check_header(path, content, language)
    catalog = _Entries(locale=language.locale)
    # Babel may fail on parts that the portal does not use, so they are left out.
    used_content = _OBSOLETE.sub("", _UNUSED_HEADER.sub('""', content))
    try:
        parser = PoFileParser(catalog, ignore_obsolete=True, abort_invalid=True)
        parser.parse(StringIO(used_content))
        plural_form = parse_rule(f"plural={catalog.plural_expr}")
        used = used_forms(plural_form)
    except PoFileError as error:
        raise CatalogError(path, BROKEN, str(error), line=(error.lineno or 0) + 1) from error
    except (ArithmeticError, LookupError, ValueError) as error:
        raise CatalogError(path, RULE, language.tag, str(error), language.plural_header) from error
    if catalog.duplicate:
        source, line = catalog.duplicate
        raise CatalogError(path, DUPLICATE, source, line=line)
    if not used.keys() <= {*range(count)}:
        raise CatalogError(path, RULE, language.tag, f"nplurals={count}", language.plural_header)
    if wrong := language.misplaced(plural_form):
        numbers = ", ".join(map(str, wrong))
        raise CatalogError(path, RULE, language.tag, numbers, language.plural_header)
    entries = tuple(map(_entry, (message for message in catalog if message.id)))
    return CatalogFile(path, language, entries, count, plural_form)


class _Entries(BabelCatalog):
    """Babel's catalog silently keeps the first of two equal entries; this one notes the second."""

    duplicate: tuple[str, int] | None = None
    """The first text that has two entries, and the line of the second entry."""

    def __setitem__(self, id: Any, message: Any) -> None:
        if id and self._key_for(id, message.context) in self._messages:
            self.duplicate = self.duplicate or (_texts(id)[0], message.lineno or 0)
        super().__setitem__(id, message)


def clean(content: str) -> str:
    """The content of a ``.po`` file, its spacing normalised for Babel and polib.

    Line numbers do not change.
    """
    content = re.sub(r"^[ \t]+(?=\")", "", content, flags=re.MULTILINE)
    content = re.sub(r"^(msg\w+(?:\[\d+\])?)[ \t]*(?=\")", r"\1 ", content, flags=re.MULTILINE)
    content = re.sub(r"^#(?=[^\s~,.:|])", "# ", content, flags=re.MULTILINE)
    return re.sub(r"^#([,.:|])(?=\S)", r"#\1 ", content, flags=re.MULTILINE)


def _check_header(path: Path, content: str, language: Language) -> int:
    """Check the header; gives the number of plural forms.

    Raises:
        CatalogError: when there is no header, its charset is not UTF-8 or ASCII, or its
            ``nplurals`` is 0, above ``MOST_FORMS``, or smaller than the number of forms of an
            entry. The language's own number is always accepted.
    """
    start = re.search(r'^msgid ""\nmsgstr "', content, re.MULTILINE)
    header = content[start.end() :].partition("\n\n")[0] if start else ""
    if ":" not in header:
        raise CatalogError(path, HEADER)
    charset = re.search(r"charset=([^\s\\\";]+)", header, re.IGNORECASE)
    if charset and charset[1].lower() not in {"utf-8", "utf8", "us-ascii", "ascii"}:
        raise CatalogError(path, CHARSET, charset[1])
    joined = header.replace('"\n"', "")
    rule = re.search(r"Plural-Forms:\s*nplurals\s*=\s*([0-9]+)\s*;", joined)
    usual = str(len(language.plural_examples))
    number = rule[1] if rule else usual
    is_possible = len(number) <= 2 and 0 < int(number) <= MOST_FORMS
    if not is_possible or (number != usual and f"\nmsgstr[{number}]" in content):
        wrong = f"nplurals={number[:20]}"
        raise CatalogError(path, RULE, language.tag, wrong, language.plural_header)
    return int(number)


def read_glossary(folder: Path, tag: str) -> dict[str, list[str]]:
    """The accepted translations of words by a language's glossary; empty if it has none.

    Args:
        folder: of all catalogs.
        tag: of the language.

    Raises:
        CatalogError: when the glossary cannot be read.
    """
    path = folder / GLOSSARY.format(tag=tag)
    words: dict[str, list[str]] = {}
    if not path.exists():
        return words
    try:
        content = path.read_text("utf-8-sig")
    except ValueError as error:
        raise CatalogError(path, GLOSSARY_FILE, str(error)) from error
    separator = ";" if ";" in content.partition("\n")[0] else ","
    rows = csv.DictReader(StringIO(content, newline=""), delimiter=separator)
    if not {"source", "target"} <= {*(rows.fieldnames or ())}:
        raise CatalogError(path, GLOSSARY_FILE, content.partition("\n")[0][:60], line=1)
    for row in rows:
        if row["source"] and row["target"]:
            words.setdefault(row["source"], []).append(row["target"])
    return words


_SPACE = r"[^\S\n]*"
_LINE = re.compile(
    rf"(#.*|((msgctxt|msgid|msgid_plural|msgstr(\[\d+\])?){_SPACE})?"
    rf'"[^"\\\n]*+(\\.[^"\\\n]*+)*+")?{_SPACE}'
)
_LINES = re.compile(rf"(?>{_LINE.pattern}\n)*+(?>{_LINE.pattern})")


def _malformed_line(content: str) -> tuple[int, str] | None:
    """The first line that is not ``.po`` syntax, and its number; Babel ignores some of them."""
    if _LINES.fullmatch(content):
        return None
    lines = enumerate(content.split("\n"), 1)
    return next(((n, line.strip()[:60]) for n, line in lines if not _LINE.fullmatch(line)), None)


def _entry(message: Any) -> CatalogEntry:
    """An entry, from Babel's message."""
    former = [line[1:].strip() for line in message.user_comments if line.startswith("|")]
    return CatalogEntry(
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
    """The former Swedish text, from comments that begin with ``#|``."""
    parts, part = {"msgid": ""}, "msgid"
    for line in lines:
        if match := _QUOTED.match(line):
            part = match[1] or part
            parts[part] = parts.get(part, "") + match[2]
    return parts["msgid"].replace("\\n", "\n").replace('\\"', '"')


def _texts(value: object) -> PluralForms:
    """A text or several, as Babel has them, always as a tuple."""
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value or ""),)
