"""The shipped catalogs are complete and sound, and state the same facts as the Swedish."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import polib
import pytest

from portal.i18n.catalogs import read
from portal.i18n.checks import placeholders
from portal.i18n.languages import CATALOG, discover, language
from portal.settings import DATA

LOCALES = DATA / "locales"
TAGS = [tag for tag in discover(LOCALES) if tag != "sv"]
BIDI = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def entries(tag: str) -> polib.POFile:
    return polib.pofile(str(LOCALES / tag / CATALOG))


def forms(tag: str) -> Iterator[tuple[polib.POEntry, str]]:
    """Every text of a catalog with each of its translations."""
    for entry in entries(tag):
        for form in entry.msgstr_plural.values() or [entry.msgstr]:
            yield entry, form


def test_english_and_arabic_are_among_the_languages() -> None:
    assert {"ar", "en"} <= set(TAGS)


@pytest.mark.parametrize("tag", TAGS)
def test_every_text_is_translated_and_none_is_fuzzy(tag: str) -> None:
    catalog = read(LOCALES / tag / CATALOG, language(tag))
    assert catalog.faults == ()
    assert len(catalog.entries) == len(polib.pofile(str(LOCALES / "portal.pot")))
    assert not [entry.msgid for entry in entries(tag) if entry.fuzzy or entry.obsolete]


@pytest.mark.parametrize("tag", TAGS)
def test_no_fact_is_typed_into_a_translation(tag: str) -> None:
    for entry, form in forms(tag):
        assert not re.search(r"[\d٠-٩۰-۹@<>]|https?:|www\.", form), entry.msgid


def test_no_fact_is_typed_into_the_swedish() -> None:
    for entry in polib.pofile(str(LOCALES / "portal.pot")):
        for text in (entry.msgid, entry.msgid_plural):
            assert not re.search(r"[\d@<>]|https?:|www\.", text), text


@pytest.mark.parametrize("tag", TAGS)
def test_every_translation_has_all_values_of_its_source(tag: str) -> None:
    for entry, form in forms(tag):
        optional = {"num"} if entry.msgid_plural else set()
        names = placeholders(entry.msgid) | placeholders(entry.msgid_plural)
        assert names - placeholders(form) <= optional, entry.msgid
        assert placeholders(form) <= names, entry.msgid


ENDS = {"sv": ".?:…", "en": ".?:…", "ar": ".؟:…"}


@pytest.mark.parametrize("tag", ["en", "ar"])
def test_sentences_end_as_they_do_in_the_language(tag: str) -> None:
    for entry, form in forms(tag):
        source = entry.msgid[-1] if entry.msgid[-1] in ENDS["sv"] else ""
        end = form[-1] if form[-1] in ENDS[tag] else ""
        expected = ENDS[tag][ENDS["sv"].index(source)] if source else ""
        assert end == expected, form


def test_arabic_is_written_with_arabic_punctuation() -> None:
    for entry, form in forms("ar"):
        assert not re.search(r"[?,;\u0640]", form), entry.msgid
        assert not set(form) & set(BIDI), entry.msgid


@pytest.mark.parametrize(
    ("tag", "number"), list(product(TAGS, (0, 1, 2, 3, 10, 11, 99, 100, 102, 5000)))
)
def test_every_number_has_a_plural_form(tag: str, number: int) -> None:
    catalog = read(LOCALES / tag / CATALOG, language(tag))
    for entry in entries(tag):
        if entry.msgid_plural:
            assert catalog.find(entry.msgid, entry.msgctxt, number)


def test_no_compiled_catalog_is_shipped() -> None:
    assert list(Path(LOCALES).rglob("*.mo")) == []
