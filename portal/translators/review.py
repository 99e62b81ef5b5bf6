"""Reviewing a catalog: its faults, and what has changed in a Swedish text.

``portal catalogs check`` and the preview show the same faults, because both call this module.
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

from portal.i18n.catalogs import CatalogError, CatalogFile, open_file, read_glossary
from portal.i18n.checks import Fault, examine
from portal.i18n.languages import CATALOG, Language


def check(locales: Path, language: Language) -> Iterator[Fault]:
    """Everything that is wrong with a language's catalog and its glossary."""
    try:
        file = open_file(locales / language.tag / CATALOG, language)
    except CatalogError as error:
        yield error.fault
    else:
        yield from check_file(file, locales)


def check_file(file: CatalogFile, locales: Path) -> Iterator[Fault]:
    """Everything that is wrong with the entries of a file and with its language's glossary.

    A glossary that cannot be read is one fault; the entries are checked without it.
    """
    words = {}
    try:
        words = read_glossary(locales, file.language.tag)
    except CatalogError as error:
        yield error.fault
    info = file.info(words)
    for entry in file.entries:
        yield from examine(entry, info)


def changed(former: str, now: str) -> str:
    """The differences between two texts, word for word.

    >>> changed("Ring oss i dag.", "Ring oss alltid i dag.")
    'Ring oss{+ alltid+} i dag.'
    """
    old, new = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (former, now))
    marked = ""
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[a:b]), "".join(new[c:d])
        if kind == "equal":
            marked += gone
        else:
            marked += (f"[-{gone}-]" if gone else "") + (f"{{+{come}+}}" if come else "")
    return marked
