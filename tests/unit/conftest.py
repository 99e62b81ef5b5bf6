"""What tests of single modules share: small catalogs, and renderers that use them."""

from pathlib import Path
from typing import Any

from portal.i18n.catalogs import read_all
from portal.i18n.languages import CATALOG, discover
from portal.i18n.rendering import Renderer, Renderers

PLURALS = {
    "en": "nplurals=2; plural=(n != 1);",
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2"
    " : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
}


def write_catalog(locales: Path, tag: str, entries: str = "", plurals: str = "") -> Path:
    """Write the catalog of a language, with a header; the entries begin on line 10."""
    header = (
        'msgid ""',
        'msgstr ""',
        '"Project-Id-Version: guardians-portal\\n"',
        f'"Language: {tag}\\n"',
        '"MIME-Version: 1.0\\n"',
        '"Content-Type: text/plain; charset=UTF-8\\n"',
        '"Content-Transfer-Encoding: 8bit\\n"',
        f'"Plural-Forms: {plurals or PLURALS[tag]}\\n"',
    )
    path = locales / tag / CATALOG
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*header, "", entries]), "utf-8")
    return path


def speaking(
    folder: Path, tag: str, entries: str = "", alongside: bool = False, **values: Any
) -> Renderer:
    """A renderer of a language, with the catalogs of English and Arabic on disk.

    Args:
        folder: with the templates; the catalogs are written there.
        tag: of the language.
        entries: of its catalog.
        alongside: whether Swedish is read alongside.
        values: further values that every template can use.
    """
    for language in PLURALS:
        write_catalog(folder / "locales", language, entries if language == tag else "")
    languages = discover(folder / "locales")
    catalogs = read_all(folder / "locales", languages)
    renderers = Renderers(folder / "templates", languages, catalogs, **values)
    return renderers(languages[tag], alongside)
