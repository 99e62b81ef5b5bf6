"""The preview for translators: every page, with its texts numbered.

The preview serves all pages in all their states, in the pseudo-languages too. Each text is
outlined in the colour of its status and has a number, which links to its entry: the file and the
line, the Swedish text, the comment, the other languages, and every example that shows it. A
saved catalog or glossary is read when the next page is requested.

It shows files and their faults, so it runs in development only.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from portal.i18n import catalogs
from portal.i18n.catalogs import GLOSSARY, Catalog, CatalogError
from portal.i18n.checks import CatalogEntry, Key
from portal.i18n.languages import CATALOG, SOURCE, Language, Languages, discover, language
from portal.i18n.rendering import Renderers, Text, Vocabulary
from portal.i18n.templates import open_renderers
from portal.settings import DATA, Settings
from portal.translators import pseudo, review
from portal.translators.examples import EXAMPLES, Example, LetterExample, where_shown
from portal.translators.merging import TEMPLATE
from portal.web.assets import Assets
from portal.web.reload import Stamps, read_stamps
from portal.web.requests import Request, ResourceRoute
from portal.web.resources import Resource

BEGIN, NUMBERED, END = "\ue000", "\ue001", "\ue002"
"""Private-use characters (Unicode, 23.5): before a marked text, after its number, after it."""


class Marked(Vocabulary):
    """Adds marks around each text, which ``with_elements`` replaces by elements."""

    def text(self, key: Key, source: str, values: Mapping[str, Any], number: int = 0) -> Text:
        text = super().text(key, source, values, number)
        entry_numbers: Mapping[Key, int] = self.renderer.renderers.values["entry_numbers"]
        status = status_of(key, self.renderer.catalog)
        begin = f"{BEGIN}{entry_numbers.get(key, 0)} {status}{NUMBERED}"
        return Text(begin + text + END, source, text.values, text.in_swedish)


def status_of(key: Key, catalog: Catalog) -> str:
    """``translated``, ``fuzzy`` or ``missing``."""
    if catalog.language.is_source or key in catalog.entries:
        return "translated"
    return "fuzzy" if key in catalog.fuzzy else "missing"


@dataclass(frozen=True)
class Saved:
    """The catalogs as they are saved at this moment."""

    languages: Languages
    catalogs: Mapping[str, Catalog]
    entries: Mapping[str, Mapping[Key, CatalogEntry]]
    """The entries of each file that can be read, by tag and key."""
    entry_faults: Mapping[str, Mapping[Key, Sequence[str]]]
    """What is wrong with them, by tag and key."""
    file_faults: Sequence[str]
    """Why a catalog or a glossary cannot be read."""


class Preview:
    """Renders the pages of the preview.

    Args:
        settings: what the operator decided.
        locales: where the catalogs are.

    Raises:
        PermissionError: in production.
    """

    def __init__(self, settings: Settings, locales: Path) -> None:
        if settings.production:
            raise PermissionError("The preview is for development: PORTAL_ENV is production.")
        self.settings = settings
        self.locales = locales
        self.template = catalogs.open_file(locales / TEMPLATE, language(SOURCE)).entries
        self.numbers = {entry.key: number for number, entry in enumerate(self.template, 1)}
        self.assets = Assets(DATA / "static")
        self._stamps = self._read_stamps()
        self._saved = self._read()
        self._renderers = self._open()
        self.examples_of = where_shown(self._renderers)

    def page(self, tag: str, example: Example | LetterExample) -> str:
        """A page in one state, its texts marked, with a list of them below.

        Raises:
            HTTPException: 404 when there is no such language.
        """
        saved = self._refresh()
        if tag not in saved.languages:
            raise HTTPException(404)
        renderer = self._renderers(saved.languages[tag])
        html = example.render(renderer).html
        numbers = sorted({int(number) for number in re.findall(rf"{BEGIN}(\d+) ", html)} - {0})
        texts = [
            {
                "number": number,
                "source": self.template[number - 1].sources[0],
                "status": status_of(self.template[number - 1].key, renderer.catalog),
            }
            for number in numbers
        ]
        panel = self._render(
            "panel.html",
            language=renderer.language,
            name=example.name,
            file_faults=saved.file_faults,
            texts=texts,
        )
        style = f"<style>{self._render('style.css')}</style></head>"
        page = with_elements(html).replace("</head>", style)
        return page.replace("</body>", f"{panel}</body>")

    def index(self, linked: bool = True) -> str:
        """All examples, and all texts with the examples that show them."""
        saved = self._refresh()
        return self._render(
            "index.html",
            file_faults=saved.file_faults,
            linked=linked,
            examples=[example.name for example in EXAMPLES],
            tags=[*saved.languages],
            entries=[self._details(saved, entry) for entry in self.template],
        )

    def entry(self, number: int) -> str:
        """One text with everything known about it.

        Raises:
            HTTPException: 404 when there is no such text.
        """
        if not 0 < number <= len(self.template):
            raise HTTPException(404)
        saved = self._refresh()
        details = self._details(saved, self.template[number - 1])
        return self._render("entry.html", entry=details, tags=[*saved.languages])

    def _render(self, template: str, **values: Any) -> str:
        page: str = self._renderers.environment.get_template(f"preview/{template}").render(values)
        return page

    def _refresh(self) -> Saved:
        """Read the catalogs again if one of them, or a glossary, has been saved."""
        if (stamps := self._read_stamps()) != self._stamps:
            self._stamps, self._saved = stamps, self._read()
            self._renderers = self._open()
        return self._saved

    def _read_stamps(self) -> Stamps:
        return {**read_stamps(self.locales), **read_stamps(self.locales, GLOSSARY.format(tag="*"))}

    def _open(self) -> Renderers:
        return open_renderers(
            self.settings,
            self._saved.languages,
            self._saved.catalogs,
            vocabulary=Marked,
            asset=self.assets,
            entry_numbers=self.numbers,
        )

    def _read(self) -> Saved:
        """Read the catalogs; a language whose file cannot be read is shown in Swedish."""
        translated = catalogs.translated(discover(self.locales))
        languages = Languages([*translated, *pseudo.TAGS])
        by_tag = {tag: catalogs.empty(languages[tag]) for tag in languages}
        for tag in pseudo.TAGS:
            by_tag[tag] = pseudo.catalog(languages[tag], self.template)
        entries, entry_faults, file_faults = {}, {}, []
        for tag in translated:
            try:
                file = catalogs.open_file(self.locales / tag / CATALOG, languages[tag])
            except CatalogError as error:
                file_faults.append(str(error))
                continue
            by_tag[tag] = catalogs.publishable(file)
            entries[tag] = {entry.key: entry for entry in file.entries}
            faults_by_key: dict[Key, list[str]] = {}
            for fault in review.check_file(file, self.locales):
                text = fault.explain().fault
                if fault.source:
                    faults_by_key.setdefault((fault.context, fault.source), []).append(text)
                else:
                    file_faults.append(f"{GLOSSARY.format(tag=tag)}: {text}")
            entry_faults[tag] = faults_by_key
        return Saved(languages, by_tag, entries, entry_faults, file_faults)

    def _details(self, saved: Saved, entry: CatalogEntry) -> dict[str, Any]:
        """The values of an entry for its template."""
        return {
            "number": self.numbers[entry.key],
            "sources": entry.sources,
            "context": entry.context,
            "comment": entry.comment,
            "examples": self.examples_of.get(entry.key, []),
            "translations": [
                self._translation(saved, saved.languages[tag], entry.key) for tag in saved.entries
            ],
        }

    def _translation(self, saved: Saved, language: Language, key: Key) -> dict[str, Any]:
        """The translation of a text in a language's file, and what is wrong with it."""
        file = f"{language.tag}/{CATALOG}"
        entry = saved.entries[language.tag].get(key)
        if entry is None:
            return {"language": language, "file": file, "status": "not in its file"}
        return {
            "language": language,
            "file": f"{file}:{entry.line}",
            "status": entry.state,
            "forms": entry.forms,
            "faults": saved.entry_faults[language.tag].get(key, ()),
        }


_TAG = re.compile(r"<(/?)(\w+)[^>]*>")
_MARK = re.compile(rf"{BEGIN}(\d+) (\w+){NUMBERED}|{END}")
_CLICKABLE = frozenset({"a", "button", "label"})
_WORDS_ONLY = frozenset({"title", "textarea", "option"})
"""Elements that can hold no other element."""


def with_elements(html: str) -> str:
    """Replace marks by elements: a link if there can be one there, otherwise the number."""
    return "".join(_pieces(html))


def _pieces(html: str) -> Iterator[str]:
    open_elements: list[str] = []
    end = 0
    for tag in _TAG.finditer(html):
        yield _MARK.sub(_replacement(open_elements), html[end : tag.start()])
        yield _MARK.sub(_number, tag[0])
        end = tag.end()
        if tag[2] in _CLICKABLE | _WORDS_ONLY:
            open_elements = open_elements[:-1] if tag[1] else [*open_elements, tag[2]]
    yield html[end:]


def _replacement(open_elements: list[str]) -> Any:
    if _WORDS_ONLY & {*open_elements}:
        return _number
    return _element if _CLICKABLE & {*open_elements} else _link


def _number(mark: re.Match[str]) -> str:
    return f"[{mark[1]}] " if mark[1] else ""


def _element(mark: re.Match[str]) -> str:
    if not mark[1]:
        return "</span>"
    return f'<span class="mark {mark[2]}"><b class="number">{mark[1]}</b>'


def _link(mark: re.Match[str]) -> str:
    if not mark[1]:
        return "</span>"
    return f'<span class="mark {mark[2]}"><a class="number" href="/entry/{mark[1]}">{mark[1]}</a>'


def create_preview(settings: Settings, locales: Path) -> Starlette:
    """The preview as an application of its own.

    Raises:
        PermissionError: in production.
    """
    preview = Preview(settings, locales)
    examples = {example.name: example for example in EXAMPLES}

    def index(request: Request) -> Response:
        return HTMLResponse(preview.index())

    def entry(request: Request) -> Response:
        return HTMLResponse(preview.entry(request.path_params["number"]))

    async def asset(request: Request) -> Resource:
        if request.url.path not in preview.assets.resources:
            raise HTTPException(404)
        return preview.assets.resources[request.url.path]

    def page(request: Request) -> Response:
        example = examples.get(request.path_params["name"])
        if example is None:
            raise HTTPException(404)
        return HTMLResponse(preview.page(request.path_params["tag"], example))

    return Starlette(
        routes=[
            Route("/", index),
            Route("/entry/{number:int}", entry),
            ResourceRoute("/static/{path:path}", asset),
            Route("/{tag}/{name:path}", page),
        ]
    )
