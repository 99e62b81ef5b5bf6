"""Characters that cannot be seen, and those that cannot be read."""

import re

_IGNORED = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Default_Ignorable_Code_Point (UAX 44), and the marks of interlinear annotations."""
IGNORED = re.compile(f"[{_IGNORED}]")
INVISIBLE = re.compile(rf"[\s\x00-\x1f\x7f-\x9f\u2800{_IGNORED}]*")
"""Text of which nothing can be seen: spaces, controls, a Braille cell without dots."""
UNREADABLE = re.compile("[\0\ud800-\udfff\ufffd]")
"""What cannot be stored, NUL and half of a surrogate pair, or stands in the place of it.

U+FFFD is what bytes that are not UTF-8 become, and what a page shows instead of the others.
"""
CONTROLS = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters but for NUL, tab and line breaks: no HTML may contain them."""


def with_pictures(text: str) -> str:
    """A text with each control character as the sign for it, where Unicode has one.

    >>> with_pictures("a\\x1b[31m")
    'a␛[31m'
    """
    return CONTROLS.sub(lambda match: _picture(ord(match[0])), text)


def _picture(code: int) -> str:
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"
