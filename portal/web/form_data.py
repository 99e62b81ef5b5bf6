"""Posted bodies are parsed into fields.

Two of the three encodings of HTML forms are understood; ``text/plain`` is refused. A body is
small (the guard bounds it), so it is read at once. A multipart body is split at its boundary and
must be what browsers send for our own form (RFC 7578): a file, or a part without a name, is
malformed. What can be read of a malformed form is kept, to be shown to the person again.

Text is UTF-8. A byte that is not, and NUL, becomes U+FFFD, which ``forms`` refuses: PostgreSQL
stores no NUL, and browsers show one as U+FFFD (HTML, 13.2.5).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException

FIELDS = 40
"""The most fields of a body; all forms have fewer."""
CONTENT_TYPE_LIMIT = 200
"""Characters of Content-Type; the parser of its parameters takes 20 ms for 16 kB of semicolons."""
HEAD_LIMIT = 300
"""The most bytes of the header lines of a part; those of our form have fewer than 60."""


@dataclass
class ParsedForm:
    """The fields of a form, as far as they could be read."""

    fields: dict[str, str] = field(default_factory=dict)
    """The values by name; of a field that is there twice, the first."""
    is_malformed: bool = False
    """Whether the body differs from what browsers send for our forms."""

    def add(self, name: str, value: str) -> None:
        """Add a field, unless there is one of that name or there are enough."""
        if name in self.fields or len(self.fields) >= FIELDS:
            self.is_malformed = True
        else:
            self.fields[name] = value


URLENCODED = "application/x-www-form-urlencoded"


def parse(content_type: str, body: bytes) -> ParsedForm:
    """The fields of a posted form.

    Args:
        content_type: the request's Content-Type.
        body: all of it.

    Raises:
        HTTPException: 415 for anything but a form.
    """
    if usual := _USUAL_MULTIPART.fullmatch(content_type):
        return _parse_multipart({b"boundary": usual[1].encode()}, body, ParsedForm())
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in _PARSERS or len(content_type) > CONTENT_TYPE_LIMIT:
        raise HTTPException(415)
    return _PARSERS[media_type](parse_options_header(content_type)[1], body, ParsedForm())


_USUAL_MULTIPART = re.compile("multipart/form-data; boundary=([A-Za-z0-9-]+)")
"""What browsers send: ``parse_options_header`` takes 4 µs, a twentieth of a message's time."""


def _parse_urlencoded(options: Mapping[bytes, bytes], body: bytes, form: ParsedForm) -> ParsedForm:
    encoding = _encoding(options)
    # Split only as far as it takes to notice too many fields.
    for pair in body.split(b"&", FIELDS + 1):
        if pair:
            name, _, value = (part.replace(b"+", b" ") for part in pair.partition(b"="))
            value = unquote_to_bytes(value)
            form.add(_text(unquote_to_bytes(name), encoding), _text(value, encoding))
    return form


def _parse_multipart(options: Mapping[bytes, bytes], body: bytes, form: ParsedForm) -> ParsedForm:
    boundary, usual_encoding = options.get(b"boundary", b""), _encoding(options)
    # Split only as far as it takes to notice too many parts.
    preamble, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary, FIELDS + 2)
    end = parts.pop() if parts else b""
    form.is_malformed = not boundary or preamble != b"" or end not in {b"--", b"--\r\n"}
    for part in parts:
        head, separator, value = part.partition(b"\r\n\r\n")
        name, encoding = _read_head(head) if separator and len(head) <= HEAD_LIMIT else (None, None)
        if name is None:
            form.is_malformed = True
        else:
            form.add(name, _text(value, encoding or usual_encoding))
    return form


@lru_cache(maxsize=64)
def _read_head(head: bytes) -> tuple[str | None, str | None]:
    """The name of the field and the encoding that the header lines of a part give.

    The name is None unless the part is a field that has one. Cached: every form has the
    same few header lines.

    Args:
        head: the header lines, with the line break that ends the boundary.
    """
    name = encoding = None
    start, *lines = head.split(b"\r\n")
    if start:
        return None, None
    for line in lines:
        header = _HEADER.fullmatch(line)
        if not header:
            return None, None
        content, options = parse_options_header(header[2])
        if header[1].lower() == b"content-type" and b"charset" in options:
            encoding = _encoding(options)
        if header[1].lower() == b"content-disposition":
            # parse_options_header() drops filename* (RFC 7578, 4.2).
            is_file = content != b"form-data" or b"filename" in header[2].lower()
            if is_file or options.keys() != {b"name"} or name is not None:
                return None, None
            name = _text(options[b"name"])
    return name, encoding


_HEADER = re.compile(rb"([!-9;-~]+):[ \t]*([^\r\n]*)")
"""A header line (RFC 9110, 5.5) that is not folded."""


def _encoding(options: Mapping[bytes, bytes]) -> str:
    """The encoding of a text; where another than UTF-8 is named, only ASCII can be trusted."""
    charset = options.get(b"charset", b"utf-8").lower()
    return "utf-8" if charset in {b"utf-8", b"utf8"} else "ascii"


def _text(content: bytes, encoding: str = "utf-8") -> str:
    return content.decode(encoding, "replace").replace("\0", "\ufffd")


_PARSERS = {
    "multipart/form-data": _parse_multipart,
    URLENCODED: _parse_urlencoded,
}


def number(text: str) -> int:
    """The number in a field or an address; 0 if it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


def moment(text: str) -> datetime | None:
    """The time in a field or an address, in UTC; None if it is none."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
