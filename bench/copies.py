"""A copy of the portal that has grown: more languages, more pages."""

import shutil
from pathlib import Path

from babel import Locale, UnknownLocaleError

from bench.servers import ROOT

PARTS = ("portal", "templates", "static", "locales")
CATALOG = "LC_MESSAGES/portal.po"
MORE = '\nPAGES += tuple(Page(f"sida-{n}", "words.html") for n in range(%d - len(PAGES)))\n'


def grown(folder: Path, languages: int, pages: int) -> Path:
    """Make a copy in a folder with so many languages and pages."""
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    source = folder / "locales" / "en" / CATALOG
    for tag in _tags(languages - len(list((folder / "locales").glob(f"*/{CATALOG}"))) - 1):
        target = folder / "locales" / tag / CATALOG
        target.parent.mkdir(parents=True)
        shutil.copy(source, target)
    with (folder / "portal" / "web" / "pages.py").open("a", encoding="utf-8") as file:
        file.write(MORE % pages)
    return folder


def _tags(count: int) -> list[str]:
    """Languages that CLDR knows and the portal has not; their plural forms are as in English."""
    tags: list[str] = []
    for one in _known():
        if len(tags) < count and one not in {"sv", "en", "ar"} and _is_plain(one):
            tags.append(one)
    return tags


def _known() -> list[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [first + second for first in letters for second in letters]


def _is_plain(tag: str) -> bool:
    try:
        return Locale.parse(tag).plural_form.tags == Locale.parse("en").plural_form.tags
    except UnknownLocaleError:
        return False
