"""A language is discovered by its catalog, has its own name, and is negotiated with the browser."""

from datetime import date
from pathlib import Path

import pytest
from babel.dates import format_date

from portal.i18n.languages import (
    CATALOG,
    SOURCE,
    Languages,
    discover,
    language,
    strange_folders,
)
from portal.i18n.negotiation import negotiate
from tests.unit.conftest import write_catalog

LANGUAGES = Languages(["ar", "en", "nb", "zh-Hant"])

HEADERS = [
    # As browsers send them.
    ("ar-EG,sv;q=0.8", "ar"),
    ("ar", "ar"),
    ("ar-SY,ar;q=0.9,en-US;q=0.8,en;q=0.7", "ar"),
    ("en-GB,en;q=0.5", "en"),
    ("en-US,en;q=0.9,sv;q=0.8", "en"),
    ("sv-SE,sv;q=0.9,en-US;q=0.8,en;q=0.7", "sv"),
    ("nb,en-GB;q=0.7", "nb"),
    ("no,nb;q=0.9", "nb"),
    ("zh-Hant-TW", "zh-Hant"),
    ("zh-TW,zh-Hant;q=0.9", "zh-Hant"),
    ("so-SO,so;q=0.9,ar;q=0.8", "ar"),
    ("en-x-private-use", "en"),
    # Ranges that match no language.
    ("", SOURCE),
    ("de", SOURCE),
    ("zh", SOURCE),
    ("zh-TW", "zh-Hant"),
    ("fr-CH, fr;q=0.9, de;q=0.7", SOURCE),
    ("arn", SOURCE),
    ("x-en", SOURCE),
    # Quality decides, then the order of the header.
    ("en;q=0.5,ar;q=0.5", "en"),
    ("ar;q=0.5,en;q=0.5", "ar"),
    ("en;q=0.3,ar;q=0.9", "ar"),
    ("en;q=0.998,ar;q=0.999", "ar"),
    ("de,en;q=0.1", "en"),
    ("ar;q=0.001", "ar"),
    ("en;q=1.000,ar", "en"),
    ("en;q=0.1,ar;q=1.", "ar"),
    # Wildcards, and a quality of 0.
    ("*", SOURCE),
    ("de,*;q=0.1", SOURCE),
    ("sv;q=0,*", "en"),
    ("sv;q=0,en;q=0,*;q=0.5", "nb"),
    ("ar;q=0,en;q=0.1", "en"),
    ("sv;q=0.,en;q=0.000,*", "nb"),
    ("ar;q=0", SOURCE),
    ("ar-EG;q=0", SOURCE),
    ("*;q=0", SOURCE),
    ("ar-EG;q=0,ar", "ar"),
    ("ar;q=0,ar-EG,en;q=0.1", "en"),
    # In any case and with any spaces.
    ("AR-eg", "ar"),
    ("ZH-HANT-tw", "zh-Hant"),
    (" en ; q = 0.3 ,\tar ; Q=0.9 ", "ar"),
    # Malformed ranges are ignored, their neighbours are not.
    ("en;q=0.1234,ar;q=0.1", "ar"),
    ("en;q=1.1,ar;q=0.1", "ar"),
    ("en;q=-1,ar;q=0.1", "ar"),
    ("en;q=,ar;q=0.1", "ar"),
    ("en;level=1,ar;q=0.1", "ar"),
    ("ar_EG,en;q=0.1", "ar"),
    ("en-,-ar,nb;q=0.1", "nb"),
    ("englishman,ar;q=0.1", "ar"),
    ("q=0.9,;;;,,,=,ar;q=0.1", "ar"),
    ("\u00e5\u00e4\u00f6, \x00, <script>, ar", "ar"),
    # Five kilobytes, of which only the beginning is read.
    ("ar," + "x-unheard-of;q=0.5," * 270, "ar"),
    ("x-unheard-of;q=0.5," * 270 + "ar", SOURCE),
    ("q" * 5000, SOURCE),
]


@pytest.mark.parametrize(("accepted", "tag"), HEADERS)
def test_the_language_that_the_browser_prefers_is_chosen(accepted: str, tag: str) -> None:
    assert negotiate(LANGUAGES, accepted).tag == tag


@pytest.mark.parametrize(
    ("tag", "name", "direction"),
    [
        ("sv", "Svenska", "ltr"),
        ("en", "English", "ltr"),
        ("ar", "العربية", "rtl"),
        ("fa", "فارسی", "rtl"),
        ("ur", "اردو", "rtl"),
        ("fi", "Suomi", "ltr"),
        ("so", "Soomaali", "ltr"),
        ("ti", "ትግርኛ", "ltr"),
        ("uk", "Українська", "ltr"),
        ("zh-Hant", "中文 (繁體)", "ltr"),
    ],
)
def test_a_language_has_its_own_name_and_direction(tag: str, name: str, direction: str) -> None:
    described = language(tag)
    assert (described.tag, described.name, described.direction) == (tag, name, direction)


def test_english_is_written_as_in_britain() -> None:
    assert language("en").formats.territory == "GB"
    assert language("ar").formats.territory is None


def test_only_swedish_is_the_source() -> None:
    assert [language.tag for language in LANGUAGES.values() if language.is_source] == ["sv"]


def test_a_malformed_tag_is_refused() -> None:
    for tag in ("a1", "en_GB", "", "../x"):
        with pytest.raises(ValueError, match="not a language tag"):
            language(tag)


def test_the_source_comes_first_and_the_others_are_sorted_by_name() -> None:
    languages = Languages(["zh-Hant", "ar", "so", "sv", "fi", "en", "en"])
    assert list(languages) == ["sv", "en", "so", "fi", "ar", "zh-Hant"]
    assert [language.name for language in languages.values()][1:4] == [
        "English",
        "Soomaali",
        "Suomi",
    ]
    assert len(languages) == 6
    assert "en" in languages
    assert "de" not in languages
    assert languages.source is languages["sv"]


def test_swedish_is_always_one_of_the_languages() -> None:
    assert list(Languages([])) == ["sv"]


@pytest.mark.parametrize(
    ("tag", "examples"),
    [
        ("sv", [("one", 1), ("other", 0)]),
        ("en", [("one", 1), ("other", 0)]),
        ("ar", [("zero", 0), ("one", 1), ("two", 2), ("few", 3), ("many", 11), ("other", 100)]),
        ("pl", [("one", 1), ("few", 2), ("many", 0)]),
        ("zh-Hant", [("other", 0)]),
    ],
)
def test_each_plural_category_has_an_example(tag: str, examples: list[tuple[str, int]]) -> None:
    assert language(tag).plural_examples == examples


def test_a_folder_with_a_catalog_is_a_language(tmp_path: Path) -> None:
    write_catalog(tmp_path, "ar")
    write_catalog(tmp_path, "zh-Hant", plurals="nplurals=1; plural=0;")
    (tmp_path / "de" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "portal.pot").touch()
    write_catalog(tmp_path, "ar-old", plurals="nplurals=1; plural=0;")  # as after a copy
    assert list(discover(tmp_path)) == ["sv", "ar", "zh-Hant"]
    assert [line for line in strange_folders(tmp_path) if "/ar-old/" in line]


@pytest.mark.parametrize(
    ("tag", "text"), [("sma", "27 nov. 2026"), ("se", "2026 skáb 27"), ("en", "27 Nov 2026")]
)
def test_dates_are_as_in_swedish_where_cldr_has_no_names_of_months(tag: str, text: str) -> None:
    assert format_date(date(2026, 11, 27), locale=language(tag).formats) == text


def test_without_a_catalog_there_is_only_swedish(tmp_path: Path) -> None:
    assert list(discover(tmp_path / "nowhere")) == ["sv"]


@pytest.mark.parametrize(
    ("tag", "name", "direction"),
    [
        ("prs", "دری", "rtl"),
        ("pnb", "پنجابی", "rtl"),
        ("kmr", "Kurdî (kurmancî)", "ltr"),
        ("ka", "ქართული", "ltr"),
        ("khw", "Khowar", "rtl"),
        ("khw-PK", "Khowar", "rtl"),
        ("khw-Latn", "Khowar", "ltr"),
        ("ku-Arab", "Kurdî (kurmancî) (erebî)", "rtl"),
        ("ar-Latn", "العربية (اللاتينية)", "ltr"),
        ("zh-Hant", "中文 (繁體)", "ltr"),
    ],
)
def test_a_script_decides_the_direction_and_no_country_is_named_unasked(
    tag: str, name: str, direction: str
) -> None:
    assert (language(tag).name, language(tag).direction) == (name, direction)


def test_a_folder_that_is_no_language_stops_no_other(tmp_path: Path) -> None:
    for folder in ("en", "pt_BR", "ar - Copy", "sr@latin", "sv"):
        (tmp_path / folder / CATALOG).parent.mkdir(parents=True)
        (tmp_path / folder / CATALOG).touch()
    assert [*discover(tmp_path)] == ["sv", "en"]
    strange = strange_folders(tmp_path)
    assert len(strange) == 4
    assert any(
        line.endswith("pt_BR is not a language tag (BCP 47); rename it to pt-BR")
        for line in strange
    )
