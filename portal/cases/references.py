"""References: the numbers of messages, written so that people can say them."""

import unicodedata

ALPHABET = "ABCDEFGHJKLMNPRSTUVWXY23456789"
"""Without I, O, Q, Z, 0 and 1, which are hard to tell apart on the phone (GOV.UK)."""
LENGTH = 8
REFERENCES: int = len(ALPHABET) ** LENGTH
"""How many there are."""
MULTIPLIER = 405_492_100_019
"""Spreads consecutive numbers; coprime to ``REFERENCES``, so no two get one reference."""
_INVERSE: int = pow(MULTIPLIER, -1, REFERENCES)


def reference(number: int) -> str:
    """The reference of a message's number.

    References of consecutive numbers look unrelated, but they can be computed: a reference
    is a number in a register and no secret.
    """
    rest, characters = number * MULTIPLIER % REFERENCES, ""
    for _ in range(LENGTH):
        rest, index = divmod(rest, len(ALPHABET))
        characters += ALPHABET[index]
    return characters


def number(reference: str) -> int | None:
    """The number of a reference as people write it.

    Returns:
        None where it is no reference.
    """
    written = characters(reference)
    if len(written) != LENGTH or not set(written) <= set(ALPHABET):
        return None
    value: int = 0
    for character in reversed(written):
        value = value * len(ALPHABET) + ALPHABET.index(character)
    return value * _INVERSE % REFERENCES


def characters(text: str) -> str:
    """The characters of a reference or code as people write it: ``abcd-efgh``, in any digits."""
    european = "".join(str(unicodedata.digit(character, character)) for character in text)
    return "".join(filter(str.isalnum, european.upper()))
