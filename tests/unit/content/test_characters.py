"""Digits of every script are read as numbers, and nothing else is."""

import pytest

from portal.content.characters import code_characters, with_european_digits


@pytest.mark.parametrize(
    "typed",
    [
        "0123456789",
        "٠١٢٣٤٥٦٧٨٩",
        "۰۱۲۳۴۵۶۷۸۹",
        "०१२३४५६७८९",
        "০১২৩৪৫৬৭৮৯",
        "０１２３４５６７８９",
        "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
    ],
)
def test_decimal_digits_of_every_script_become_european(typed: str) -> None:
    assert with_european_digits(f"nr {typed}") == "nr 0123456789"


@pytest.mark.parametrize("text", ["²", "①", "½", "Ⅷ", "五", "٫", "å é أ"])
def test_what_is_no_decimal_digit_stays(text: str) -> None:
    assert with_european_digits(text) == text


def test_a_code_is_read_with_any_spaces_hyphens_and_digits() -> None:
    assert code_characters(" abcd–ef\u00a0g٢ ") == "ABCDEFG2"
    assert code_characters("۱۲۳ ۴۵۶") == "123456"
