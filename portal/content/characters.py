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
