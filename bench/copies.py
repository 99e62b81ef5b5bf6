"""A copy of the portal that has grown: more languages, more pages."""

import compileall
import shutil
from itertools import islice
from pathlib import Path

from babel import Locale
from babel.localedata import locale_identifiers

from bench.servers import ROOT
from portal.i18n.languages import CATALOG
from portal.i18n.plurals import NUMBERS

PARTS = ("portal", "templates", "static", "locales")
MORE = '\nPAGES += tuple(Page(f"sida-{n}", "words.html") for n in range(%d - len(PAGES)))\n'


def grown(folder: Path, languages: int, pages: int) -> Path:
    """Make a copy of the portal in a folder, with that many languages and pages."""
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    source = folder / "locales" / "en" / CATALOG
    for tag in _tags(languages - len(list((folder / "locales").glob(f"*/{CATALOG}"))) - 1):
        target = folder / "locales" / tag / CATALOG
        target.parent.mkdir(parents=True)
        shutil.copy(source, target)
    with (folder / "portal" / "web" / "public" / "pages.py").open("a", encoding="utf-8") as file:
        file.write(MORE % pages)
    compileall.compile_dir(folder / "portal", quiet=2)  # as pip does when it installs
    return folder


def _tags(count: int) -> list[str]:
    """Languages of CLDR with the plural forms of English, those with short tags first."""
    names = sorted(locale_identifiers(), key=lambda name: (len(name), name))
    new = (name for name in names if name not in {"sv", "en", "ar"} and _is_like_english(name))
    return [name.replace("_", "-") for name in islice(new, max(count, 0))]


def _is_like_english(identifier: str) -> bool:
    form, english = Locale.parse(identifier).plural_form, Locale.parse("en").plural_form
    return all(form(number) == english(number) for number in NUMBERS)
