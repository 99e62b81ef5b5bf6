"""Every text numbered where it stands, for translators alone.

The preview serves all pages in all their states, the pseudo-languages too. Each
text is coloured by how far it has come and carries a number; the number leads to
its entry: the file and the line, the Swedish, the comment, the other languages,
and every state in which it is seen. Catalogs are read anew for each page.

It shows files and their faults, so it is not for the public: it opens in
development only.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from portal.i18n import catalogs, languages
from portal.i18n.catalogs import Catalog, CatalogError
from portal.i18n.checks import CatalogInfo, Entry, Key, examine
from portal.i18n.languages import CATALOG, Language, Languages
from portal.i18n.rendering import Renderer, Text
from portal.settings import DATA, Settings
from portal.translators import pseudo
from portal.translators.examples import EXAMPLES, Example, where_shown
from portal.web.assets import Assets
from portal.web.edition import open_renderers
from portal.web.reload import stamps
from portal.web.resources import ResourceResponse

TEMPLATE = "portal.pot"
BEGIN, NUMBERED, END = "\ue000", "\ue001", "\ue002"
"""Signs of no meaning (Unicode's private use) round a marked text and after its number."""

STYLE = Markup("""
.mark { outline: 2px solid; outline-offset: 1px; }
.mark > .n { font: bold .75rem/1 sans-serif; padding: 1px 3px; margin-inline-end: 3px;
  color: #fff; background: #333; text-decoration: none; unicode-bidi: isolate; }
.translated { outline-color: #1a7f37; } .translated > .n { background: #1a7f37; }
.fuzzy { outline-color: #b35900; } .fuzzy > .n { background: #b35900; }
.missing { outline-color: #c00; } .missing > .n { background: #c00; }
.panel { padding: 1rem; font: 1rem/1.5 sans-serif; direction: ltr; text-align: left; }
.panel article { border-top: 1px solid #999; padding: .5rem 0; }
.panel .state { font-weight: bold; } .panel li.fuzzy, .panel li.missing { color: #a30; }
""")


class Marked(Renderer):
    """Puts signs round each text, for ``_shown`` to make elements of."""

    def _text(self, key: Key, source: str, values: Mapping[str, Any], number: int = 0) -> Text:
        text = super()._text(key, source, values, number)
        numbers: Any = self.environment.globals["numbers"]
        begin = f"{BEGIN}{numbers.get(key, 0)} {state(self.catalog, key)}{NUMBERED}"
        return Text(begin + text + END, source, text.values, text.in_swedish)


def state(catalog: Catalog, key: Key) -> str:
    """How far a text has come in a language."""
    if catalog.language.is_source or key in catalog.entries:
        return "translated"
    return "fuzzy" if key in catalog.fuzzy else "missing"


@dataclass(frozen=True)
class Edition:
    """The catalogs as they are saved at this moment."""

    languages: Languages
    texts: Mapping[str, Catalog]
    files: Mapping[str, Mapping[Key, Entry]]
    refused: tuple[str, ...]
    """What keeps a whole catalog out."""


class Preview:
    """All that the preview knows.

    Raises:
        PermissionError: in production.
    """

    def __init__(self, settings: Settings, locales: Path) -> None:
        if settings.production:
            raise PermissionError("The preview is for development: PORTAL_ENV is production.")
        self.locales = locales
        source = languages.language(languages.SOURCE)
        self.template = catalogs.open_file(locales / TEMPLATE, source).entries
        self.numbers = {entry.key: number for number, entry in enumerate(self.template, 1)}
        self.assets = Assets(DATA / "static")
        self._saved = stamps(locales)
        self._edition = self._read()
        self.renderers = open_renderers(
            settings,
            self._edition.languages,
            self._edition.texts,
            kind=Marked,
            asset=self.assets,
            numbers=self.numbers,
        )
        self.places = where_shown(self.renderers)

    def read(self) -> Edition:
        """Everything as it is saved at this moment."""
        if (saved := stamps(self.locales)) != self._saved:
            self._saved, self._edition = saved, self._read()
            found, texts = self._edition.languages, self._edition.texts
            self.renderers = self.renderers.renewed(found, texts)
        return self._edition

    def _read(self) -> Edition:
        """The catalogs; a language whose file is refused is shown in Swedish."""
        found = Languages([*languages.discover(self.locales), *pseudo.TAGS])
        texts = {tag: catalogs.empty(language) for tag, language in found.items()}
        for tag in pseudo.TAGS:
            texts[tag] = pseudo.catalog(found[tag], self.template)
        files, refused = {}, []
        for tag in catalogs.translated(languages.discover(self.locales)):
            path = self.locales / tag / CATALOG
            try:
                file = catalogs.open_file(path, found[tag])
                texts[tag] = catalogs.sound(file)
                files[tag] = {entry.key: entry for entry in file.entries}
            except CatalogError as error:
                refused.append(str(error))
        return Edition(found, texts, files, tuple(refused))

    def page(self, tag: str, shown: Example) -> str:
        """A page in a state, its texts marked, with a list of them below."""
        edition = self.read()
        if tag not in edition.languages:
            raise HTTPException(404)
        html = shown.render(self.renderers(edition.languages[tag]))
        style = f"<style>{STYLE}</style></head>"
        panel = self._panel(edition, tag, shown, html)
        return _shown(html).replace("</head>", style).replace("</body>", f"{panel}</body>")

    def _panel(self, edition: Edition, tag: str, shown: Example, html: str) -> Markup:
        numbers = sorted({int(n) for n in re.findall(rf"{BEGIN}(\d+) ", html)} - {0})
        items = Markup().join(
            Markup('<li class="{}"><a href="/entry/{}">{}</a> {} – {}</li>').format(
                where, number, number, entry.sources[0], where
            )
            for number in numbers
            for entry in [self.template[number - 1]]
            for where in [state(edition.texts[tag], entry.key)]
        )
        refused = Markup().join(map(Markup("<p>{}</p>").format, edition.refused))
        return Markup(
            '<aside class="panel" lang="en" dir="ltr"><h2>{} · {}</h2>{}'
            '<p><a href="/">All texts and states</a></p><ul>{}</ul></aside>'
        ).format(edition.languages[tag].name, shown.name or "start", refused, items)

    def index(self, linked: bool = True) -> str:
        """All states, and all texts with where they are seen."""
        edition = self.read()
        states = Markup().join(
            Markup("<li>{}: {}</li>").format(one.name or "start", _links(edition, one.name))
            for one in EXAMPLES
        )
        refused = Markup().join(map(Markup("<p>{}</p>").format, edition.refused))
        entries = Markup().join(self._entry(edition, entry, linked) for entry in self.template)
        listed = Markup("<h2>States</h2><ul>{}</ul>").format(states) if linked else ""
        return _document(Markup("<h1>All texts</h1>{}{}{}").format(refused, listed, entries))

    def entry(self, number: int) -> str:
        """One text with all that is known of it."""
        if not 0 < number <= len(self.template):
            raise HTTPException(404)
        edition = self.read()
        return _document(
            Markup('<h1>Text {}</h1>{}<p><a href="/">All texts and states</a></p>').format(
                number, self._entry(edition, self.template[number - 1], True)
            )
        )

    def _entry(self, edition: Edition, entry: Entry, linked: bool) -> Markup:
        number = self.numbers[entry.key]
        places = self.places.get(entry.key, [])
        seen_on = Markup(" · ").join(
            Markup("{} {}").format(place or "start", _links(edition, place) if linked else "")
            for place in places
        )
        written = Markup().join(
            self._written(edition.languages[tag], file.get(entry.key))
            for tag, file in edition.files.items()
        )
        return Markup(
            '<article id="t{}"><h2>{} <span lang="sv">{}</span></h2>{}<ul>{}</ul>'
            "<p>Seen on: {}</p></article>"
        ).format(number, number, " / ".join(entry.sources), _about(entry), written, seen_on)

    def _written(self, language: Language, entry: Entry | None) -> Markup:
        """What a language's file says, and what is wrong with it."""
        if entry is None:
            return Markup("<li>{}: not in its file</li>").format(language.tag)
        info = CatalogInfo(
            language, len(language.plural_examples), catalogs.glossary(self.locales, language.tag)
        )
        faults = "; ".join(fault.explain().fault for fault in examine(entry, info))
        return Markup(
            '<li class="{}">{}/{}:{} <span class="state">{}</span> '
            '<span lang="{}" dir="{}">{}</span> {}</li>'
        ).format(
            entry.state,
            language.tag,
            CATALOG,
            entry.line,
            entry.state,
            language.tag,
            language.direction,
            " / ".join(entry.forms),
            faults,
        )


def _about(entry: Entry) -> Markup:
    """The context and the comment of a text."""
    about = [f"Context: {entry.context}." if entry.context else "", entry.comment]
    return Markup("<p>{}</p>").format(" ".join(filter(None, about))) if any(about) else Markup()


def _links(edition: Edition, place: str) -> Markup:
    return Markup(" ").join(
        Markup('<a href="/{}/{}">{}</a>').format(tag, place, tag) for tag in edition.languages
    )


def _document(body: Markup) -> str:
    return Markup(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Texts</title>'
        '<style>{}</style></head><body class="panel">{}</body></html>'
    ).format(STYLE, body)


_TOKEN = re.compile(r"<(/?)(\w+)[^>]*>")
_MARK = re.compile(rf"{BEGIN}(\d+) (\w+){NUMBERED}|{END}")
_CLICKABLE = frozenset({"a", "button", "label"})
_PLAIN = frozenset({"title", "textarea", "option"})
"""Elements that hold words alone."""


def _shown(html: str) -> str:
    """Make elements of the marks: a link where there can be one, the bare number elsewhere."""
    return "".join(_pieces(html))


def _pieces(html: str) -> Iterator[str]:
    inside: list[str] = []
    end = 0
    for token in _TOKEN.finditer(html):
        yield _MARK.sub(_mark(inside), html[end : token.start()])
        yield _MARK.sub(_in_words, token[0])
        end = token.end()
        if token[2] in _CLICKABLE | _PLAIN:
            inside = inside[:-1] if token[1] else [*inside, token[2]]
    yield html[end:]


def _mark(inside: list[str]) -> Any:
    if _PLAIN & {*inside}:
        return _in_words
    return _in_link if _CLICKABLE & {*inside} else _with_link


def _in_words(mark: re.Match[str]) -> str:
    return f"[{mark[1]}] " if mark[1] else ""


def _in_link(mark: re.Match[str]) -> str:
    if not mark[1]:
        return "</span>"
    return f'<span class="mark {mark[2]}"><b class="n">{mark[1]}</b>'


def _with_link(mark: re.Match[str]) -> str:
    if not mark[1]:
        return "</span>"
    return f'<span class="mark {mark[2]}"><a class="n" href="/entry/{mark[1]}">{mark[1]}</a>'


def create_preview(settings: Settings, locales: Path) -> Starlette:
    """The preview as an application of its own.

    Raises:
        PermissionError: in production.
    """
    preview = Preview(settings, locales)
    by_name = {one.name: one for one in EXAMPLES}

    def index(request: Request) -> Response:
        return HTMLResponse(preview.index())

    def entry(request: Request) -> Response:
        return HTMLResponse(preview.entry(request.path_params["number"]))

    def asset(request: Request) -> Response:
        if request.url.path not in preview.assets.resources:
            raise HTTPException(404)
        return ResourceResponse(preview.assets.resources[request.url.path])

    def page(request: Request) -> Response:
        shown = by_name.get(request.path_params["name"])
        if shown is None:
            raise HTTPException(404)
        return HTMLResponse(preview.page(request.path_params["tag"], shown))

    return Starlette(
        routes=[
            Route("/", index),
            Route("/entry/{number:int}", entry),
            Route("/static/{path:path}", asset),
            Route("/{tag}/{name:path}", page),
        ]
    )
