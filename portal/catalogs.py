"""What the translators wrote: one catalog a language, read from its ``.po`` file.

A catalog is read straight into memory; no compiled file stands between a
translator and the page. An entry that could damage a page (a placeholder lost or
invented, a plural form missing) is left out, so the Swedish text is shown in its
place, and the fault is kept to be told. A file that cannot be read, or whose
plural rule is not the language's, refuses the whole catalog.
"""

import gettext
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.pofile import PoFileError, read_po

from portal.languages import CATALOG, NUMBERS, Language, Languages

PLACEHOLDER = re.compile(r"%%|%\((\w+)\)[sd]")
"""All that is special in a text: a named value, or a per cent sign written twice."""

Forms = tuple[str, ...]
Key = tuple[str | None, str]
"""A text: its context, where it has one, and its Swedish words."""


class CatalogError(Exception):
    """A catalog that cannot be used at all."""


@dataclass(frozen=True)
class Catalog:
    """The texts of one language."""

    language: Language
    entries: Mapping[Key, Forms]
    """By context and Swedish text; one form, or one for each plural form."""
    plural_form: Callable[[int], int]
    faults: tuple[str, ...] = ()
    """What was left out, and why, a line each."""
    outdated: frozenset[Key] = frozenset()
    """Texts whose Swedish has changed since they were translated (gettext calls them fuzzy)."""
    complete: bool = True
    """Whether every text of the file can be shown."""

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


def read_all(folder: Path, languages: Languages) -> dict[str, Catalog]:
    """A catalog for every language, by tag; the source's is empty.

    Raises:
        CatalogError: when one of them cannot be used.
    """
    catalogs = {tag: read(folder / tag / CATALOG, languages[tag]) for tag in translated(languages)}
    return {languages.source.tag: Catalog(languages.source, {}, int)} | catalogs


def translated(languages: Languages) -> list[str]:
    """The tags of all languages but the source."""
    return [tag for tag, language in languages.items() if not language.is_source]


def read(path: Path, language: Language) -> Catalog:
    """Read one catalog from its ``.po`` file; fuzzy and empty entries do not count.

    Raises:
        CatalogError: when the file is broken or its plural rule is not the language's.
    """
    try:
        catalog = read_po(BytesIO(path.read_bytes()), locale=language.locale, abort_invalid=True)
        plural_form = gettext.c2py(catalog.plural_expr)
    except (PoFileError, ValueError, OSError) as error:
        raise CatalogError(f"{path}: {error}") from error
    if wrong := misplaced(plural_form, language):
        raise CatalogError(f"{path}: Plural-Forms is wrong for {language.tag}, as for {wrong}")
    entries: dict[Key, Forms] = {}
    faults, outdated, count = [], set(), 0
    for message in catalog:
        sources, forms = _texts(message.id), _texts(message.string)
        count += any(sources)
        if message.fuzzy and any(sources):
            outdated.add((message.context, sources[0]))
        if message.fuzzy or not any(sources) or not any(forms):
            continue
        if fault := _damage(sources, forms, catalog.num_plurals):
            faults.append(f"{path}:{message.lineno}: {fault}")
        else:
            entries[message.context, sources[0]] = forms
    return Catalog(
        language,
        entries,
        plural_form,
        tuple(faults),
        frozenset(outdated),
        complete=len(entries) == count,
    )


def misplaced(plural_form: Callable[[int], int], language: Language) -> list[int]:
    """Numbers for which a rule does not give the form that CLDR's order of forms gives.

    Babel's own rule for Arabic is wrong in this way: 11 to 99 and 100 to 102 change places.
    """
    order = [category for category, _ in language.plural_examples]
    return [
        number
        for number in NUMBERS
        if plural_form(number) != order.index(language.locale.plural_form(number))
    ][:3]


def placeholders(text: str) -> set[str]:
    """The names of the values in a text."""
    return {match[1] for match in PLACEHOLDER.finditer(text) if match[1]}


def _texts(value: object) -> Forms:
    """What Babel gives as one text or several, as several."""
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value or ""),)


def _damage(sources: Forms, forms: Forms, count: int) -> str:
    """What is so wrong with an entry that it cannot be shown."""
    wanted = {name for source in sources for name in placeholders(source)}
    if len(sources) > 1 and (len(forms) != count or not all(forms)):
        return f"not all of the {count} plural forms are filled in"
    for form in forms:
        given = placeholders(form)
        if strange := given - wanted:
            return f"no value is called {', '.join(sorted(strange))}"
        # A form for exactly one or two may say the number in words.
        if lost := wanted - given - ({"num"} if len(sources) > 1 else set()):
            return f"the value {', '.join(sorted(lost))} is missing"
    return ""
