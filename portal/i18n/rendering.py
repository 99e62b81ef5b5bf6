"""Rendering templates in a language, with the texts of its catalog.

``Renderers`` has the Jinja environment and the catalogs. A ``Renderer`` renders in one
language and one reading mode: alone, or with the Swedish text alongside. Each render has a
``Vocabulary``: the functions that a template can call. It also records the texts shown.

In a template ``_("…")`` returns a ``Text``: the translation together with its Swedish source.
Catalog text is data: it is escaped, and only placeholders, such as ``%(name)s``, and ``%%`` are
special in it. A text without a translation is shown in Swedish and marked as Swedish (WCAG 2.2,
3.1.2).
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from os import W_OK, access
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import jinja2
from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_day_names
from babel.lists import format_list
from babel.numbers import format_decimal
from jinja2 import (
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    StrictUndefined,
    pass_context,
)
from jinja2.runtime import Context
from markupsafe import Markup, escape

from portal.content.facts import dialled
from portal.content.hours import ZONE
from portal.i18n.catalogs import Catalog
from portal.i18n.checks import PLACEHOLDER, Key
from portal.i18n.hyphenation import SOFT_HYPHEN, hyphenated
from portal.i18n.languages import OWN_NAMES, Language, Languages

ALONGSIDE = {"bredvid": "sv"}
"""The query of a page that is read with the Swedish text alongside."""

_NO_VALUES: Mapping[str, Any] = MappingProxyType({})
_IN_SWEDISH = Markup('<span lang="sv" dir="ltr">%s</span>')
_SWEDISH_ALONGSIDE = Markup(
    '<span class="pair"><span>%s</span><span class="alongside" lang="sv" dir="ltr">%s</span></span>'
)
_NAME = Markup('<bdi lang="sv" dir="ltr" translate="no">%s</bdi>')


class Text(Markup):
    """A text in the language of the page, ready to be shown."""

    message: str
    """The Swedish source, with its placeholders."""
    values: Mapping[str, Any]
    """The values of its placeholders, by name."""
    in_swedish: bool
    """Whether the Swedish source is shown because there is no translation."""

    def __new__(
        cls,
        shown: Any = "",
        message: str = "",
        values: Mapping[str, Any] = _NO_VALUES,
        in_swedish: bool = False,
    ) -> "Text":
        text = super().__new__(cls, shown)
        text.message, text.values, text.in_swedish = message, values, in_swedish
        return text

    @property
    def swedish(self) -> Markup:
        """The same text in Swedish, its values in Swedish too."""
        values = {name: in_swedish(value) for name, value in self.values.items()}
        return hyphenated(fill(self.message, values))

    @property
    def plain(self) -> Markup:
        """The text without tags and soft hyphens, for titles and attributes."""
        return escape(self.striptags().replace(SOFT_HYPHEN, ""))


def fill(message: str, values: Mapping[str, Any]) -> Markup:
    """Escape a message and fill in its placeholders.

    Raises:
        KeyError: for a placeholder that has no value.
    """

    def value(placeholder: re.Match[str]) -> str:
        return escape(values[placeholder[1]]) if placeholder[1] else "%"

    return Markup(PLACEHOLDER.sub(value, escape(message)))


def in_swedish(value: Any) -> Any:
    """A value as it is written in a Swedish sentence."""
    return value.swedish if isinstance(value, Text) else value


def literal(shown: str, swedish: str) -> Text:
    """A value that is written as ``shown`` in this language and as ``swedish`` in Swedish."""
    return Text(shown, "%(value)s", {"value": Markup(swedish)})


@dataclass(frozen=True)
class Rendered:
    """A rendered page and the texts that it shows."""

    html: str
    texts: frozenset[Key]

    @property
    def main_text(self) -> str:
        """The text of the main element, without soft hyphens."""
        _, _, rest = self.html.partition("<main")
        return Markup("<main" + rest.partition("</main>")[0]).striptags().replace(SOFT_HYPHEN, "")


class Renderer:
    """Renders the templates in one language and one reading mode."""

    def __init__(self, renderers: "Renderers", catalog: Catalog, alongside: bool) -> None:
        self.renderers = renderers
        self.catalog = catalog
        self.language: Language = catalog.language
        self.languages = renderers.languages
        self.alongside = alongside

    def render(self, template: str, **values: Any) -> Rendered:
        """Render a template.

        Args:
            template: its path in the folder of templates.
            values: what it shows, besides the values given to all templates.

        Raises:
            jinja2.TemplateError: for a fault in the template, an undefined value included.
        """
        vocabulary = self.renderers.vocabulary(self)
        context = {**self.renderers.values, **vocabulary.names(), **values}
        html = self.renderers.environment.get_template(template).render(context)
        return Rendered(html, frozenset(vocabulary.texts))

    def href(self, slug: str, language: Language | None = None, **query: str) -> str:
        """The address of a page in this or another language, in the same reading mode."""
        target = language or self.language
        if self.alongside and not target.is_source:
            query = {**ALONGSIDE, **query}
        return _address(target, slug, query)

    def other_reading(self, slug: str, **query: str) -> str:
        """The address of the same page in the other reading mode."""
        if not self.alongside:
            query = {**ALONGSIDE, **query}
        return _address(self.language, slug, query)


def _address(language: Language, slug: str, query: Mapping[str, str]) -> str:
    return f"/{language.tag}/{slug}" + (f"?{urlencode(query)}" if query else "")


class Vocabulary:
    """The functions and values that a template can use during one render.

    Args:
        renderer: decides the language and the reading mode.
        texts: collects the keys of the texts shown.
    """

    def __init__(self, renderer: Renderer, texts: set[Key] | None = None) -> None:
        self.renderer = renderer
        self.language = renderer.language
        self.texts: set[Key] = set() if texts is None else texts

    def names(self) -> dict[str, Any]:
        """What a template can use, by its name in templates."""
        renderer = self.renderer
        return {
            "_": self.gettext,
            "pgettext": self.pgettext,
            "ngettext": self.ngettext,
            "with_swedish": self.with_swedish,
            "language": self.language,
            "languages": renderer.languages.values(),
            "plural_examples": self.language.plural_examples,
            "alongside": renderer.alongside,
            "href": renderer.href,
            "other_reading": renderer.other_reading,
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

    def gettext(self, source: str, **values: Any) -> Text:
        """The translation of a Swedish text, its placeholders filled in."""
        return self.text((None, source), source, values)

    def pgettext(self, context: str, source: str, **values: Any) -> Text:
        """The translation of a short text that needs its context."""
        return self.text((context, source), source, values)

    def ngettext(self, singular: str, plural: str, number: int, /, **values: Any) -> Text:
        """The translation in the plural form of a number; ``%(num)s`` is the number."""
        source = singular if number == 1 else plural
        return self.text((None, singular), source, {"num": number} | values, number)

    def in_language(self, language: Language, text: Text) -> Text:
        """The same text in another language than the page's."""
        other = type(self)(self.renderer.renderers(language), self.texts)
        return other.gettext(text.message, **text.values)

    def text(self, key: Key, source: str, values: Mapping[str, Any], number: int = 0) -> Text:
        """The translation of an entry, or its Swedish source marked as Swedish.

        Args:
            key: the context and the msgid.
            source: the Swedish text in the form that ``number`` asks for.
            values: of the placeholders.
            number: chooses the plural form.
        """
        self.texts.add(key)
        translation = self.renderer.catalog.find(key[1], key[0], number)
        values = {
            name: self.number(value) if isinstance(value, int) else value
            for name, value in values.items()
        }
        if translation is not None:
            return Text(hyphenated(fill(translation, values)), source, values)
        swedish = Text("", source, values).swedish
        if self.language.is_source:
            return Text(swedish, source, values)
        return Text(_IN_SWEDISH % swedish, source, values, in_swedish=True)

    def with_swedish(self, text: Text) -> Markup:
        """The text, paired with its Swedish source in the reading mode alongside."""
        if not self.renderer.alongside or text.in_swedish:
            return text
        return _SWEDISH_ALONGSIDE % (text, text.swedish)

    def link(self, address: str, text: Text) -> Text:
        """A link inside a sentence."""
        anchor = Markup('<a href="%s">%s</a>')
        return literal(anchor % (address, text), anchor % (address, in_swedish(text)))

    def name(self, name: str) -> Text:
        """A Swedish proper name or word, isolated and marked as Swedish."""
        return literal(escape(name) if self.language.is_source else _NAME % name, escape(name))

    def phone(self, number: str) -> Text:
        """A telephone number as a link, left to right in any text."""
        anchor = Markup('<a class="phone" href="tel:%s"><bdi dir="ltr" translate="no">%s</bdi></a>')
        shown = anchor % (dialled(number), number)
        return literal(shown, shown)

    def isolated(self, value: object) -> Text:
        """A value that is left to right in any text: a code, a year, a section of law."""
        shown = Markup('<bdi dir="ltr" translate="no">%s</bdi>') % value
        return literal(shown, shown)

    def number(self, number: int) -> Text:
        """A number with the language's separators and European digits (CLDR)."""
        return self._localized(lambda locale: format_decimal(number, locale=locale))

    def day(self, day: date) -> Text:
        """A day, or the day of a moment in Sweden, with the month in words (CLDR's long form)."""
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
        return self._localized(lambda locale: get_day_names("wide", locale=locale)[number])

    def named(self, tags: Iterable[str]) -> Text:
        """Languages by their names, as a list in a sentence."""

        def write(locale: Locale) -> str:
            names = [
                locale.languages.get(tag.partition("-")[0]) or OWN_NAMES.get(tag, tag)
                for tag in tags
            ]
            return format_list(names, locale=locale)

        return self._localized(write)

    def _localized(self, write: Callable[[Locale], str]) -> Text:
        """A value, formatted for this language and for Swedish."""
        own, swedish = self._formatted(write)
        return literal(escape(own), escape(swedish))

    def _time(self, moment: date, write: Callable[[Locale], str]) -> Text:
        element = Markup('<time datetime="%s">%s</time>')
        stamp = (
            moment.isoformat(timespec="seconds") if isinstance(moment, datetime) else str(moment)
        )
        own, swedish = self._formatted(write)
        return literal(element % (stamp, own), element % (stamp, swedish))

    def _formatted(self, write: Callable[[Locale], str]) -> tuple[str, str]:
        """A value as this language and as Swedish write it.

        Formatting is slow, so it is done once if both are the same.
        """
        own = write(self.language.formats)
        if self.language.is_source:
            return own, own
        return own, write(self.renderer.languages.source.formats)


@pass_context
def _alongside(context: Context, text: Text) -> Markup:
    """The filter ``alongside``, which all renders share; each has its own ``with_swedish``."""
    shown: Markup = context["with_swedish"](text)
    return shown


@cache
def _environment(folder: Path) -> Environment:
    """The environment of a folder; cached, so that a reload compiles no template again."""
    environment = Environment(
        loader=FileSystemLoader(folder),
        bytecode_cache=_compiled_templates(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["alongside"] = _alongside
    environment.filters["hyphenated"] = hyphenated
    return environment


def _compiled_templates(folder: Path) -> FileSystemBytecodeCache | None:
    """A cache of compiled templates in a folder beside them, as Python has for modules.

    Compiling takes 130 ms of a start. The file names contain a hash of this module, because
    another environment may compile a template differently.
    """
    directory = folder / "__pycache__"
    try:
        directory.mkdir(exist_ok=True)
    except OSError:
        return None
    if not access(directory, W_OK):
        return None
    code = hashlib.sha256(jinja2.__version__.encode() + Path(__file__).read_bytes()).hexdigest()
    return FileSystemBytecodeCache(str(directory), f"{code[:12]}-%s.cache")


class Renderers:
    """A renderer for every language and reading mode.

    Args:
        folder: where the templates are.
        languages: those of the catalogs.
        catalogs: by language tag.
        vocabulary: the class of what templates can use; the preview has its own.
        values: further values for every template.
    """

    def __init__(
        self,
        folder: Path,
        languages: Languages,
        catalogs: Mapping[str, Catalog],
        vocabulary: type[Vocabulary] = Vocabulary,
        **values: Any,
    ) -> None:
        self.languages = languages
        self.vocabulary = vocabulary
        self.values = values
        self.environment = _environment(folder)
        self._renderers = {
            (tag, alongside): Renderer(self, catalog, alongside)
            for tag, catalog in catalogs.items()
            for alongside in (False, True)
            if not (alongside and catalog.language.is_source)
        }

    def __call__(self, language: Language, alongside: bool = False) -> Renderer:
        """The renderer of a language; Swedish has nothing alongside."""
        return self._renderers[language.tag, alongside and not language.is_source]

    @property
    def all(self) -> list[Renderer]:
        """The renderers of every language: alone, then with Swedish alongside."""
        return list(self._renderers.values())
