"""Nobody can guess the address or the code of a case, and former keys still open it."""

from base64 import urlsafe_b64decode

import pytest

from portal.cases.addresses import case_address, case_code, case_key, code_opens, opens
from portal.cases.references import number, reference
from portal.content.characters import CODE_ALPHABET

KEY, FORMER = b"k" * 32, b"f" * 80


def test_an_address_is_a_reference_and_a_key_of_128_bits() -> None:
    reference_part, _, key = case_address(KEY, 7, 1).partition("-")
    assert reference_part == reference(7)
    assert len(urlsafe_b64decode(f"{key}==")) * 8 == 128
    assert len(f"/ar/arende/{reference_part}-{key}") <= 60  # mail programs cut long lines


def test_every_case_version_and_secret_key_has_a_key_of_its_own() -> None:
    keys = {
        case_key(secret, n, version)
        for secret in (KEY, FORMER)
        for n in (1, 12)
        for version in (1, 2)
    }
    assert len(keys) == 8
    assert case_key(KEY, 1, 12) != case_key(KEY, 11, 2)


def test_a_former_secret_key_still_opens_its_cases() -> None:
    key, code = case_key(FORMER, 7, 1), case_code(FORMER, 7, 1)
    assert opens(key, [KEY, FORMER], 7, 1)
    assert code_opens(code, [KEY, FORMER], 7, 1)
    assert not opens(key, [KEY], 7, 1)
    assert not code_opens(code, [KEY], 7, 1)


@pytest.mark.parametrize("key", ["", "å", "\ud800", case_key(KEY, 7, 2), case_key(KEY, 8, 1)])
def test_another_key_opens_nothing(key: str) -> None:
    assert not opens(key, [KEY, FORMER], 7, 1)
    assert not code_opens(key, [KEY, FORMER], 7, 1)


def test_a_code_is_accepted_however_it_is_written() -> None:
    code = case_code(KEY, 7, 1)
    assert len(code) == 13
    assert {*code} <= {*CODE_ALPHABET}
    arabic = code.translate(str.maketrans("23456789", "٢٣٤٥٦٧٨٩"))
    for typed in (code.lower(), f" {code[:4]} {code[4:8]}-{code[8:]}", arabic):
        assert code_opens(typed, [KEY], 7, 1)
    assert not code_opens(code[:-1], [KEY], 7, 1)


def test_a_reference_is_accepted_however_it_is_written() -> None:
    written = reference(7)
    assert not set("IOQZ01") & {*CODE_ALPHABET}
    for typed in (written.lower(), f"{written[:4]} {written[4:]}", f"{written[:4]}-{written[4:]}"):
        assert number(typed) == 7
