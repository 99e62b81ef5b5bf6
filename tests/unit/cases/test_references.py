"""References are easy to say, and found however they are written."""

from itertools import pairwise
from operator import eq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.cases import references
from portal.cases.references import REFERENCES


@given(st.integers(1, REFERENCES - 1))
def test_a_number_is_recovered_from_its_reference(number: int) -> None:
    written = references.reference(number)
    assert len(written) == 8
    assert references.number(written) == number


def test_references_of_consecutive_numbers_look_unrelated() -> None:
    written = [references.reference(number) for number in range(1, 2000)]
    assert len(set(written)) == len(written)
    equal_characters = [sum(map(eq, *pair)) for pair in pairwise(written)]
    assert max(equal_characters) <= 2


@pytest.mark.parametrize("wrong", ["", "ABCDEFG", "ABCDEFGHJ", "ABCDEFG0", "ABCDEFGß", "ABCD ..."])
def test_a_text_that_is_no_reference_has_no_number(wrong: str) -> None:
    assert references.number(wrong) is None
