"""The preview shows every text on its pages; pseudo-languages show what was forgotten."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import html5lib
import httpx2
import pytest

from portal.commands import main
from portal.i18n import catalogs
from portal.i18n.catalogs import open_file
from portal.i18n.checks import placeholders
from portal.i18n.languages import CATALOG, Languages, language
from portal.i18n.templates import LOCALES, open_renderers
from portal.settings import DATA, Settings
from portal.translators import pseudo, review
from portal.translators.examples import EXAMPLES
from portal.translators.preview import create_preview
from portal.web.edition import build
from tests.visitor import words

pytestmark = pytest.mark.slow  # each test builds a preview of its own
TEMPLATE = open_file(LOCALES / "portal.pot", language("sv")).entries


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read({"DATABASE_URL": f"sqlite:///{tmp_path}/own.db"})


@pytest.fixture
def locales(tmp_path: Path) -> Path:
    """The shipped catalogs, with a fuzzy and a missing text in English."""
    folder = shutil.copytree(DATA / "locales", tmp_path / "locales")
    path = folder / "en" / CATALOG
    text = path.read_text("utf-8")
    for former, new in (
        ('msgid "Beröm"\nmsgstr', '#, fuzzy\nmsgid "Beröm"\nmsgstr'),
        ('msgid "En fråga"\nmsgstr "A question"', 'msgid "En fråga"\nmsgstr ""'),
    ):
        assert former in text
        text = text.replace(former, new)
    path.write_text(text, "utf-8")
    return folder


@pytest.fixture
async def preview(settings: Settings, locales: Path) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=create_preview(settings, locales))
    async with httpx2.AsyncClient(transport=transport, base_url="http://preview") as client:
        yield client


def number(source: str) -> int:
    (position,) = [n for n, entry in enumerate(TEMPLATE, 1) if entry.sources[0] == source]
    return position


async def test_texts_are_numbered_and_coloured_by_their_state(
    preview: httpx2.AsyncClient,
) -> None:
    page = (await preview.get("/en/kontakt")).text
    for source, state in (
        ("Ditt meddelande", "translated"),
        ("Beröm", "fuzzy"),
        ("En fråga", "missing"),
    ):
        assert f'<span class="mark {state}"><b class="number">{number(source)}</b>' in page, source
    heading = number("Kontakta grundskoleförvaltningen")
    assert f'<a class="number" href="/entry/{heading}">{heading}</a>' in page
    assert f'data-sending="[{number("Meddelandet skickas …")}] ' in page
    assert not re.search("[\ue000-\ue002]", page)


async def test_every_example_in_every_language_is_a_sound_page(preview: httpx2.AsyncClient) -> None:
    for tag in ("ar", "ar-XB", "sv"):
        for example in EXAMPLES:
            response = await preview.get(f"/{tag}/{example.name}")
            assert response.status_code == 200
            parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
            root = parser.parse(response.text)
            assert root.get("lang") == tag
            assert not [link for link in root.iter("a") if [*link.iter("a")][1:]]
    assert (await preview.get("/ar/saknas")).status_code == 404
    assert (await preview.get("/de/")).status_code == 404


async def test_an_entry_shows_its_line_and_the_pages_that_have_it(
    preview: httpx2.AsyncClient, locales: Path
) -> None:
    page = (await preview.get(f"/entry/{number('Beröm')}")).text
    file = open_file(locales / "en" / CATALOG, language("en"))
    (english,) = [entry for entry in file.entries if entry.sources[0] == "Beröm"]
    assert f"en/{CATALOG}:{english.line}" in page
    assert "شكر وثناء" in page
    assert '<a href="/so' not in page
    assert '<a href="/ar/kontakt/message-empty">ar</a>' in page
    assert "Context: menu." in (await preview.get(f"/entry/{number('Kontakt')}")).text
    assert (await preview.get("/entry/0")).status_code == 404
    assert (await preview.get("/entry/99999")).status_code == 404


async def test_a_saved_catalog_is_shown_and_a_broken_one_is_reported(
    preview: httpx2.AsyncClient, locales: Path
) -> None:
    path = locales / "en" / CATALOG
    path.write_text(path.read_text("utf-8").replace("Your message", "What you say"), "utf-8")
    assert "What you say" in (await preview.get("/en/kontakt")).text
    path.write_text("nonsense", "utf-8")
    page = (await preview.get("/en/kontakt")).text
    assert "this is not a line of a .po file: nonsense" in page


async def test_the_preview_checks_plural_forms_by_the_rule_of_the_file(
    preview: httpx2.AsyncClient, locales: Path
) -> None:
    """Some tools number the forms in another order than CLDR. A form for 1 needs no digit."""
    path, singular = locales / "en" / CATALOG, "You have one character left."
    text = path.read_text("utf-8").replace("plural=(n != 1)", "plural=(n == 1)")
    path.write_text(text.replace("You have %(num)s characters left.", singular), "utf-8")
    page = (await preview.get(f"/entry/{number('Du har %(num)s tecken kvar.')}")).text
    assert singular in page
    assert "is missing" not in page
    assert singular not in [fault.text for fault in review.check(locales, language("en"))]


async def test_a_broken_glossary_is_reported_and_the_texts_are_still_checked(
    preview: httpx2.AsyncClient, locales: Path
) -> None:
    path = locales / "en" / CATALOG
    path.write_text(path.read_text("utf-8").replace('"Complaints"', '"Complaints 99"'), "utf-8")
    glossary = locales / "glossary" / "en.csv"
    words = glossary.read_text("utf-8")
    glossary.write_text("word;translation\n", "utf-8")
    page = (await preview.get("/en/kontakt")).text
    assert "glossary/en.csv: the glossary cannot be read: word;translation" in page
    digits = "the digits “99” are typed in"
    assert digits in (await preview.get(f"/entry/{number('Klagomål')}")).text
    names = [fault.check.name for fault in review.check(locales, language("en"))]
    assert names[:2] == ["glossary-file", "digits"]
    glossary.write_text(words, "utf-8")
    assert "glossary cannot be read" not in (await preview.get("/en/kontakt")).text


async def test_style_sheets_are_served_and_the_index_lists_every_text(
    preview: httpx2.AsyncClient,
) -> None:
    page = (await preview.get("/en/")).text
    for address in re.findall(r'<link rel="stylesheet" href="([^"]+)"', page):
        assert (await preview.get(address)).status_code == 200
    assert (await preview.get("/static/none.css")).status_code == 404
    index = (await preview.get("/")).text
    assert index.count("<article") == len(TEMPLATE)


def test_the_index_can_be_written_and_the_preview_refuses_production(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/own.db")
    assert main(["catalogs", "preview", "--write", str(tmp_path / "list")]) == 0
    written = (tmp_path / "list" / "index.html").read_text("utf-8")
    assert written.count("<article") == len(TEMPLATE)
    assert "fel/404" in written
    assert 'href="/' not in written
    monkeypatch.setenv("PORTAL_ENV", "production")
    monkeypatch.setenv("PORTAL_BASE_URL", "https://skola.example.se")
    assert main(["catalogs", "preview"]) == 1
    assert "PORTAL_ENV" in capsys.readouterr().err


@pytest.mark.parametrize("tag", pseudo.TAGS)
def test_a_pseudo_language_keeps_values_and_has_every_plural_form(tag: str) -> None:
    catalog = pseudo.catalog(language(tag), TEMPLATE)
    for entry in TEMPLATE:
        for count in (0, 1, 2, 3, 11, 100):
            form = catalog.find(entry.sources[0], entry.context, count)
            assert form
            assert placeholders(form) == placeholders(entry.sources[(count != 1 and -1) or 0])
            assert len(form) > len(entry.sources[0])
    assert language(tag).direction == {"en-XA": "ltr", "ar-XB": "rtl"}[tag]


PLAIN = re.compile(r"[^\W\d_]{4,}")


FROM_CLDR = {"English", "Swedish", "Monday", "Friday", "Saturday", "Tuesday"}
"""Names of languages and days, which are not in the catalogs."""


@pytest.mark.parametrize("tag", pseudo.TAGS)
def test_every_word_on_a_page_comes_from_the_catalogs(tag: str, settings: Settings) -> None:
    """Any unaccented word on a page in a pseudo-language is typed into a template."""
    languages = Languages([tag])
    texts = {
        "sv": catalogs.empty(languages["sv"]),
        tag: pseudo.catalog(languages[tag], TEMPLATE),
    }
    renderer = open_renderers(settings, languages, texts, asset=str)(languages[tag])
    for example in EXAMPLES:
        root = html5lib.parse(example.render(renderer).html, namespaceHTMLElements=False)
        for parent in list(root.iter()):
            for child in list(parent):
                named = child.get("lang") or child.get("href", "").startswith(("tel:", "mailto:"))
                if named or child.tag in {"time", "bdi", "textarea"}:
                    child.text = child.tail = ""
                    for inner in list(child):
                        child.remove(inner)
                if child.get("class") == "own-words":
                    child.text = ""
        read = [word for word in PLAIN.findall(words(root)) if word.isascii()]
        assert set(read) <= FROM_CLDR, example.name


def test_no_pseudo_language_is_served_to_readers(settings: Settings) -> None:
    edition = build(settings)
    assert not {*pseudo.TAGS} & {*edition.languages}
    assert not [path for path in edition.resources if "-X" in path]
