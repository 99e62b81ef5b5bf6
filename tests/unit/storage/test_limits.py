"""A sender is a household, stored as a number that does not reveal its address."""

import pytest

from portal.storage.limits import sender_number


def test_a_sender_is_a_household_and_its_number_depends_on_the_key() -> None:
    key = b"k" * 32
    assert sender_number(key, "192.0.2.1") != sender_number(key, "192.0.2.2")
    assert sender_number(key, "2001:db8::1") == sender_number(key, "2001:db8::2")
    assert sender_number(key, "2001:db8::1") != sender_number(key, "2001:db8:0:1::1")
    assert sender_number(key, "::ffff:192.0.2.1") == sender_number(key, "192.0.2.1")
    assert sender_number(key, "192.0.2.1") != sender_number(b"j" * 32, "192.0.2.1")


def test_a_sender_is_a_number_that_both_databases_can_store() -> None:
    numbers = [sender_number(b"k" * 32, f"192.0.2.{n}") for n in range(50)]
    assert all(-(2**63) <= number < 2**63 for number in numbers)
    assert min(numbers) < 0 < max(numbers)


@pytest.mark.parametrize(
    "name",
    ["", "unknown", "unix:", "1.2.3.4:", "a:b:c", "[2001:db8::7", '"[2001:db8::7]:4711"', "\udcff"],
)
def test_any_name_that_a_proxy_gives_a_client_is_a_sender(name: str) -> None:
    key = b"k" * 32
    assert sender_number(key, name) == sender_number(key, name) != sender_number(key, name + "x")
