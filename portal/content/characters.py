"""Characters that cannot be seen or read, and digits of every script."""

import re

_IGNORED = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Default_Ignorable_Code_Point (UAX 44), and the marks of interlinear annotations."""
IGNORED = re.compile(f"[{_IGNORED}]")
INVISIBLE = re.compile(rf"[\s\x00-\x1f\x7f-\x9f\u2800{_IGNORED}]*")
"""A text without visible characters: spaces, controls, a Braille cell without dots."""
UNREADABLE = re.compile("[\0\ud800-\udfff\ufffd]")
"""NUL and lone surrogates, which cannot be stored, and U+FFFD, which replaces them and bytes
that are not UTF-8."""
CONTROLS = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters except NUL, tab and line breaks; HTML must not contain them."""

ISOLATED = "\N{LEFT-TO-RIGHT ISOLATE}%s\N{POP DIRECTIONAL ISOLATE}"
"""Keeps a phone number or an address together in right-to-left plain text (UAX 9)."""
CODE_ALPHABET = "ABCDEFGHJKLMNPRSTUVWXY23456789"
"""Without I, O, Q, Z, 0 and 1, which are hard to tell apart on the phone (GOV.UK)."""
_DIGIT = re.compile(r"\d")


def with_european_digits(text: str) -> str:
    """A text with 0 to 9 in place of the decimal digits of other scripts.

    >>> with_european_digits("٠٣١ ۳۶۵ m²")
    '031 365 m²'
    """
    return _DIGIT.sub(lambda digit: str(int(digit[0])), text)


def code_characters(typed: str) -> str:
    """The letters and digits of a reference or code as people type it.

    >>> code_characters("abcd-efg ٢")
    'ABCDEFG2'
    """
    return "".join(filter(str.isalnum, with_european_digits(typed).upper()))


def with_pictures(text: str) -> str:
    """A text with each control character replaced by its picture, or by U+FFFD if it has none.

    >>> with_pictures("a\\x1b[31m")
    'a␛[31m'
    """
    return CONTROLS.sub(lambda match: _picture(ord(match[0])), text)


def _picture(code: int) -> str:
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"
