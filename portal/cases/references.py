"""References: the numbers of cases, written so that people can say them."""

from portal.content.characters import CODE_ALPHABET, code_characters

LENGTH = 8
REFERENCES: int = len(CODE_ALPHABET) ** LENGTH
"""The number of all references."""
MULTIPLIER = 405_492_100_019
"""Spreads consecutive numbers; coprime to ``REFERENCES``, so no two get the same reference."""
_INVERSE: int = pow(MULTIPLIER, -1, REFERENCES)


def reference(number: int) -> str:
    """The reference of a case, from its number.

    References of consecutive numbers look unrelated, but they can be computed: a reference
    identifies a case and is no secret.
    """
    rest, characters = number * MULTIPLIER % REFERENCES, ""
    for _ in range(LENGTH):
        rest, index = divmod(rest, len(CODE_ALPHABET))
        characters += CODE_ALPHABET[index]
    return characters


def number(reference: str) -> int | None:
    """The number of a case, from its reference as people type it.

    Returns:
        None if the text is not a reference.
    """
    written = code_characters(reference)
    if len(written) != LENGTH or not set(written) <= set(CODE_ALPHABET):
        return None
    value: int = 0
    for character in reversed(written):
        value = value * len(CODE_ALPHABET) + CODE_ALPHABET.index(character)
    return value * _INVERSE % REFERENCES
