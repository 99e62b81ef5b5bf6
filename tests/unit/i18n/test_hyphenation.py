"""Long Swedish words may break between their parts, and nothing else is touched."""

import pytest
from markupsafe import Markup

from portal.i18n.hyphenation import STEMS, hyphenated


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Tillgänglighetsredogörelse", "Tillgänglighets|redogörelse"),
        (
            "Grundskoleförvaltningens rektorer.",
            "Grundskole|förvaltningens rektorer.",
        ),
        ("SKOLINSPEKTIONEN", "SKOL|INSPEKTIONEN"),
        ("Kompetensförsörjningen", "Kompetens|försörjningen"),
        ("skola", "skola"),
    ],
)
def test_a_long_word_may_break_whatever_its_ending_and_capitals(text: str, shown: str) -> None:
    assert hyphenated(text) == shown.replace("|", "\N{SOFT HYPHEN}")


@pytest.mark.parametrize(
    "text",
    [
        '<a href="/skolenhetsutredningen">här</a>',
        "kontaktcenter@skola.se",
        "www.skolinspektionen.se",
        "https://skola.se/kontaktcenter",
    ],
)
def test_elements_and_addresses_stay_whole(text: str) -> None:
    assert hyphenated(Markup(text)) == text


def test_words_are_escaped_and_hyphenated_once() -> None:
    assert hyphenated("<Kontaktcenter>") == "&lt;Kontakt\N{SOFT HYPHEN}center&gt;"
    assert hyphenated(hyphenated("kontaktcenter")) == hyphenated("kontaktcenter")


@pytest.mark.parametrize("stem", STEMS.split())
def test_only_long_words_break_and_each_part_can_be_read(stem: str) -> None:
    parts = stem.split("|")
    assert len(parts) > 1
    assert min(map(len, parts)) >= 3
