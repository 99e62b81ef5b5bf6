"""Templates and catalogs become a page in one language.

Each language has a Jinja environment of its own, and a second one for reading
with the Swedish text alongside. What ``_("…")`` gives a template is a ``Text``:
words that also know their Swedish source. Catalog text is data: it is escaped,
and only ``%(name)s`` and ``%%`` are special in it. A text without a translation
is shown in Swedish and marked as Swedish (WCAG 2.2, 3.1.2).
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from copy import copy
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import jinja2
from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_day_names
from babel.lists import format_list
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from portal.content.facts import dialled
from portal.content.hours import ZONE
from portal.i18n.catalogs import Catalog
from portal.i18n.checks import PLACEHOLDER, Key
from portal.i18n.languages import Language, Languages

ALONGSIDE = {"bredvid": "sv"}
"""The query of a page that is read with the Swedish text alongside."""

_SEEN: ContextVar[set[Key] | None] = ContextVar("seen", default=None)
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_IN_SWEDISH = Markup('<span lang="sv" dir="ltr">%s</span>')
_NAME = Markup('<bdi lang="sv" dir="ltr">%s</bdi>')


class Text(Markup):
    """Explanation in the language of the page, ready to be shown."""

    words: str
    """The Swedish words behind them, values not filled in."""
    values: Mapping[str, Any]
    in_swedish: bool
    """Whether this is the Swedish text in the place of a missing translation."""

    def __new__(
        cls,
        shown: Any = "",
        words: str = "",
        values: Mapping[str, Any] = _NOTHING,
        in_swedish: bool = False,
    ) -> "Text":
        text = super().__new__(cls, shown)
        text.words, text.values, text.in_swedish = words, values, in_swedish
        return text

    @property
    def source(self) -> Markup:
        """The same in Swedish, its values too."""
        return fill(self.words, {name: swedish(value) for name, value in self.values.items()})

    @property
    def plain(self) -> Markup:
        """The words alone, for titles and attributes, which can carry no element."""
        return escape(self.striptags())


def fill(words: str, values: Mapping[str, Any]) -> Markup:
    """Escape ``words`` and put the values where they are named.

    Raises:
        KeyError: when a value is named that is not given.
    """

    def value(found: re.Match[str]) -> str:
        return escape(values[found[1]]) if found[1] else "%"

    return Markup(PLACEHOLDER.sub(value, escape(words)))


def swedish(value: Any) -> Any:
    """A value as it is shown in a Swedish sentence."""
    return value.source if isinstance(value, Text) else value


def literal(shown: str, source: str) -> Text:
    """A value that is written as ``shown`` in this language and as ``source`` in Swedish."""
    return Text(shown, "%(value)s", {"value": Markup(source)})


@lru_cache(256)
def _query(**query: str) -> str:
    """The query of an address; each page has one for every language."""
    return f"?{urlencode(query)}" if query else ""


class Renderer:
    """Renders the templates in one language, in one way of reading."""

    def __init__(
        self, catalog: Catalog, renderers: "Renderers", environment: Environment, alongside: bool
    ) -> None:
        self.catalog = catalog
        self.language: Language = catalog.language
        self.languages = renderers.languages
        self.renderers = renderers
        self.alongside = alongside
        self.environment = environment
        environment.globals.update(self._vocabulary())
        environment.filters["alongside"] = self.with_swedish

    def render(self, template: str, **values: Any) -> str:
        """The page of a template.

        Raises:
            jinja2.TemplateError: for a fault in the template, an undefined value included.
        """
        _SEEN.set(set())
        return self.environment.get_template(template).render(values)

    @property
    def seen(self) -> set[Key]:
        """The texts on the page that was rendered last in this thread, by whichever renderer."""
        return _SEEN.get() or set()

    def gettext(self, source: str, **values: Any) -> Text:
        """The words for a Swedish text, with its values."""
        return self._text((None, source), source, values)

    def pgettext(self, context: str, source: str, **values: Any) -> Text:
        """The same, for a short text that needs its context."""
        return self._text((context, source), source, values)

    def ngettext(self, singular: str, plural: str, number: int, /, **values: Any) -> Text:
        """The words in the form that a number asks for; ``%(num)s`` is the number."""
        source = singular if number == 1 else plural
        return self._text((None, singular), source, {"num": number} | values, number)

    def in_language(self, language: Language, text: Text) -> Text:
        """The same words in another language than the page's."""
        return self.renderers(language).gettext(text.words, **text.values)

    def _text(self, key: Key, source: str, values: Mapping[str, Any], number: int = 0) -> Text:
        if (seen := _SEEN.get()) is not None:
            seen.add(key)
        found = self.catalog.find(key[1], key[0], number)
        values = {name: self._written(value) for name, value in values.items()}
        if found is not None:
            return Text(fill(found, values), source, values)
        swedish_text = Text("", source, values).source
        if self.language.is_source:
            return Text(swedish_text, source, values)
        return Text(_IN_SWEDISH % swedish_text, source, values, in_swedish=True)

    def _written(self, value: Any) -> Any:
        return self.number(value) if isinstance(value, int) else value

    def with_swedish(self, text: Text) -> Markup:
        """The text, and its Swedish source below it when that is read alongside."""
        if not self.alongside or text.in_swedish:
            return text
        return text + Markup('<span class="alongside" lang="sv" dir="ltr">%s</span>') % text.source

    def href(self, slug: str, language: Language | None = None, **query: str) -> str:
        """The address of a page, in this language or another, in the same way of reading."""
        target = language or self.language
        if self.alongside and not target.is_source:
            query = {**ALONGSIDE, **query}
        return f"/{target.tag}/{slug}" + _query(**query)

    def other_reading(self, slug: str, **query: str) -> str:
        """The address of the same page in the other way of reading."""
        if not self.alongside:
            query = {**ALONGSIDE, **query}
        return f"/{self.language.tag}/{slug}" + _query(**query)

    def link(self, address: str, text: Text) -> Text:
        """A link inside a sentence."""
        anchor = Markup('<a href="%s">%s</a>')
        return literal(anchor % (address, text), anchor % (address, swedish(text)))

    def name(self, name: str) -> Text:
        """A Swedish proper name or word, isolated and marked as Swedish."""
        return literal(escape(name) if self.language.is_source else _NAME % name, escape(name))

    def phone(self, number: str) -> Text:
        """A telephone number to press, left to right in any text."""
        anchor = Markup('<a class="phone" href="tel:%s"><bdi dir="ltr">%s</bdi></a>')
        shown = anchor % (dialled(number), number)
        return literal(shown, shown)

    def isolated(self, value: object) -> Text:
        """A value that reads from left to right in any text: a code, a year, a section of law."""
        shown = Markup('<bdi dir="ltr">%s</bdi>') % value
        return literal(shown, shown)

    def number(self, number: int) -> Text:
        """A number with the language's separators and European digits (CLDR)."""
        return self._by_locale(lambda locale: format_decimal(number, locale=locale))

    def day(self, day: date) -> Text:
        """A day, or a moment's day in Sweden, with the month in words (CLDR's long form)."""
        if isinstance(day, datetime):
            day = day.astimezone(ZONE).date()
        return self._time(day, lambda locale: format_date(day, "long", locale=locale))

    def month(self, day: date) -> Text:
        """A month and its year."""
        return self._time(day, lambda locale: format_skeleton("yMMMM", day, locale=locale))

    def clock(self, moment: datetime) -> Text:
        """The time of day in Sweden."""
        return self._time(
            moment, lambda locale: format_time(moment, "HH:mm", tzinfo=ZONE, locale=locale)
        )

    def weekday(self, number: int) -> Text:
        """The name of a day of the week; Monday is 0."""
        return self._by_locale(lambda locale: get_day_names("wide", locale=locale)[number])

    def named(self, tags: Iterable[str]) -> Text:
        """Languages by their names, as a list in a sentence."""

        def write(locale: Locale) -> str:
            names = [locale.languages.get(tag.partition("-")[0], tag) for tag in tags]
            return format_list(names, locale=locale)

        return self._by_locale(write)

    def _by_locale(self, write: Callable[[Locale], str]) -> Text:
        own, source = self.language.locale, self.languages.source.locale
        return literal(escape(write(own)), escape(write(source)))

    def _time(self, moment: date, write: Any) -> Text:
        element = Markup('<time datetime="%s">%s</time>')
        stamp = (
            moment.isoformat(timespec="seconds") if isinstance(moment, datetime) else str(moment)
        )
        return literal(
            element % (stamp, write(self.language.locale)),
            element % (stamp, write(self.languages.source.locale)),
        )

    def _vocabulary(self) -> dict[str, Any]:
        """What every template may say."""
        return {
            "_": self.gettext,
            "pgettext": self.pgettext,
            "ngettext": self.ngettext,
            "language": self.language,
            "languages": self.languages.values(),
            "plural_examples": self.language.plural_examples,
            "alongside": self.alongside,
            "href": self.href,
            "other_reading": self.other_reading,
            "link": self.link,
            "name": self.name,
            "phone": self.phone,
            "isolated": self.isolated,
            "number": self.number,
            "day": self.day,
            "month": self.month,
            "clock": self.clock,
            "weekday": self.weekday,
            "named": self.named,
            "in_language": self.in_language,
        }


class _Compiled(FileSystemBytecodeCache):
    """Each template is compiled once, for all languages and for later starts.

    What is compiled is kept beside the templates, as Python keeps its own, where that
    can be done; to compile is a fifth of a start.
    """

    def __init__(self, folder: Path) -> None:
        # Another Jinja or another environment would compile otherwise.
        made_by = hashlib.sha256(jinja2.__version__.encode() + Path(__file__).read_bytes())
        super().__init__(str(folder / "__pycache__"), f"{made_by.hexdigest()[:12]}-%s.cache")
        self._code: dict[str, Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get(bucket.checksum)
        if bucket.code is None:
            super().load_bytecode(bucket)
            self._code[bucket.checksum] = bucket.code

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.checksum] = bucket.code
        with suppress(OSError):  # a folder that may not be written to
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)


class Renderers:
    """A renderer for every language and way of reading.

    Args:
        folder: where the templates are.
        kind: what a renderer is, where pages are shown to others than readers.
        given: values that every template may use.
    """

    def __init__(
        self,
        folder: Path,
        languages: Languages,
        catalogs: Mapping[str, Catalog],
        kind: type[Renderer] = Renderer,
        **given: Any,
    ) -> None:
        self.languages = languages
        self._kind = kind
        self._compiled = _Compiled(folder)
        self._loader = FileSystemLoader(folder)
        self._given = given
        self._renderers = self._open(catalogs)

    def __call__(self, language: Language, alongside: bool = False) -> Renderer:
        """The renderer of a language; Swedish has nothing alongside."""
        return self._renderers[language.tag, alongside and not language.is_source]

    @property
    def reading_modes(self) -> list[Renderer]:
        """All of them."""
        return list(self._renderers.values())

    def renewed(
        self, languages: Languages, catalogs: Mapping[str, Catalog], **given: Any
    ) -> "Renderers":
        """The same templates, not compiled again, with other catalogs and values."""
        new = copy(self)
        new.languages = languages
        new._given = self._given | given
        new._renderers = new._open(catalogs)
        return new

    def _open(self, catalogs: Mapping[str, Catalog]) -> dict[tuple[str, bool], Renderer]:
        """A renderer for each way of reading."""
        return {
            (tag, alongside): self._kind(catalog, self, self._environment(), alongside)
            for tag, catalog in catalogs.items()
            for alongside in (False, True)
            if not (alongside and catalog.language.is_source)
        }

    def _environment(self) -> Environment:
        environment = Environment(
            loader=self._loader,
            bytecode_cache=self._compiled,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.globals.update(self._given)
        return environment
