"""Codes are those of the RFCs, and each is accepted once, within a step of its time."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.staff.totp import (
    STEP_SECONDS,
    accepted_step,
    account_secret,
    code,
    enrolment_address,
    step_at,
    written,
)

SECRET = b"12345678901234567890"
"""Of the test values in RFC 4226, appendix D, and RFC 6238, appendix B."""
NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
STEP = step_at(NOON)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (0, "755224"),
        (1, "287082"),
        (2, "359152"),
        (3, "969429"),
        (4, "338314"),
        (5, "254676"),
        (6, "287922"),
        (7, "162583"),
        (8, "399871"),
        (9, "520489"),
    ],
)
def test_codes_are_those_of_rfc_4226(step: int, expected: str) -> None:
    assert code(SECRET, step) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(seconds: int, expected: str) -> None:
    # The RFC has eight digits, of which the last six are the code of six.
    step = step_at(datetime.fromtimestamp(seconds, UTC))
    assert code(SECRET, step) == expected[-6:]


@pytest.mark.parametrize("distance", [-1, 0, 1])
def test_a_code_of_the_step_before_or_after_is_accepted(distance: int) -> None:
    typed = code(SECRET, STEP + distance)
    assert accepted_step(typed, [SECRET], NOON, 0) == STEP + distance


@pytest.mark.parametrize("distance", [-2, 2, 100])
def test_a_code_of_another_time_is_not(distance: int) -> None:
    assert accepted_step(code(SECRET, STEP + distance), [SECRET], NOON, 0) is None


def test_no_code_is_accepted_twice_nor_one_before_it() -> None:
    assert accepted_step(code(SECRET, STEP), [SECRET], NOON, STEP) is None
    assert accepted_step(code(SECRET, STEP - 1), [SECRET], NOON, STEP) is None
    later = NOON + timedelta(seconds=STEP_SECONDS)
    assert accepted_step(code(SECRET, STEP), [SECRET], later, STEP) is None
    assert accepted_step(code(SECRET, STEP + 1), [SECRET], later, STEP) == STEP + 1


def test_a_code_is_read_as_people_type_it() -> None:
    digits = code(SECRET, STEP)
    arabic = digits.translate({ord("0") + n: chr(0x660 + n) for n in range(10)})
    for typed in (digits, f" {digits[:3]} {digits[3:]} ", arabic):
        assert accepted_step(typed, [SECRET], NOON, 0) == STEP


@pytest.mark.parametrize(
    "typed", ["", " ", "12345", "1234567", "abcdef", "²²²²²²", "\ud800", "é" * 6]
)
def test_what_is_no_code_is_not_accepted(typed: str) -> None:
    assert accepted_step(typed, [SECRET], NOON, 0) is None


def test_a_secret_is_of_one_key_one_account_and_one_version() -> None:
    secrets = {
        account_secret(key, account, version)
        for key in (b"k" * 32, b"l" * 32)
        for account in (1, 11)
        for version in (1, 11)
    }
    assert len(secrets) == 8
    assert {len(secret) for secret in secrets} == {20}


def test_an_app_is_given_the_secret_as_text_and_as_an_address() -> None:
    assert written(SECRET) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    assert enrolment_address(SECRET, "anna", "Förvaltningen & Co") == (
        "otpauth://totp/F%C3%B6rvaltningen%20%26%20Co%3Aanna"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=F%C3%B6rvaltningen%20%26%20Co"
    )
