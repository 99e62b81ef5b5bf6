"""Copies of a checkout: as it is, or grown by languages and pages."""

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
PAGES = "portal/web/public/pages.py"
MORE = """
PAGES += tuple(Page(f"sida-{n}", "words.html", {"words": WORDS}) for n in range(%d - len(PAGES)))
"""


def copy_checkout(checkout: Path, folder: Path) -> Path:
    """Copy what a portal runs from; gives the folder."""
    for part in PARTS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(checkout / part, folder / part, ignore=ignored)
    compileall.compile_dir(folder / "portal", quiet=2)  # as pip does when it installs
    return folder


def grown_copy(folder: Path, languages: int, pages: int) -> Path:
    """Copy this checkout and add to it.

    Args:
        folder: of the copy.
        languages: how many it has, Swedish among them.
        pages: how many it has in each language, if that is more than now.
    """
    copy = copy_checkout(ROOT, folder)
    source = copy / "locales" / "en" / CATALOG
    translated = len(list((copy / "locales").glob(f"*/{CATALOG}")))
    for tag in _tags(languages - translated - 1):
        target = copy / "locales" / tag / CATALOG
        target.parent.mkdir(parents=True)
        shutil.copy(source, target)
    module = copy / PAGES
    module.write_text(module.read_text("utf-8") + MORE % pages, "utf-8")
    compileall.compile_file(module, quiet=2)
    return copy


def _tags(count: int) -> list[str]:
    """Languages that CLDR has with the plural forms of English, those with short tags first."""
    identifiers = sorted(locale_identifiers(), key=lambda name: (len(name), name))
    new = (
        name for name in identifiers if name not in {"sv", "en", "ar"} and _is_like_english(name)
    )
    return [name.replace("_", "-") for name in islice(new, max(count, 0))]


def _is_like_english(identifier: str) -> bool:
    form, english = Locale.parse(identifier).plural_form, Locale.parse("en").plural_form
    return all(form(number) == english(number) for number in NUMBERS)
