"""A posted body becomes fields.

Both encodings that HTML forms have are understood. A body is small (the guard bounds it),
so it is read at once. What python-multipart's parser finds must be what our own form sends
(RFC 7578): a file, or a part without a name, is malformed. What can be read of a malformed
form is there all the same, to be shown to the person again.

Text is UTF-8. A byte that is not becomes U+FFFD, which ``forms`` refuses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException

FIELDS = 20
"""Fields of a body at the most; our form has fewer."""


@dataclass
class Posted:
    """The fields of a form, as far as they could be read."""

    fields: dict[str, str] = field(default_factory=dict)
    """The values by name; of a field that is there twice, the first."""
    is_malformed: bool = False
    """Whether no browser sends such a body for our form."""

    def add(self, name: str, value: str) -> None:
        """Add a field, unless there is one of that name or there are enough."""
        if name in self.fields or len(self.fields) >= FIELDS:
            self.is_malformed = True
        else:
            self.fields[name] = value


def parse(content_type: str, body: bytes) -> Posted:
    """The fields of a posted form.

    Args:
        content_type: the request's Content-Type.
        body: all of it.

    Raises:
        HTTPException: 415 for anything but a form.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in _PARSERS:
        raise HTTPException(415)
    return _PARSERS[media_type](content_type, body)


def _parse_urlencoded(content_type: str, body: bytes) -> Posted:
    posted, encoding = Posted(), _encoding(parse_options_header(content_type)[1])
    # One more field than there may be, and the rest as its value: that cannot be many.
    for pair in body.split(b"&", FIELDS + 1):
        if pair:
            name, _, value = (part.replace(b"+", b" ") for part in pair.partition(b"="))
            value = unquote_to_bytes(value)
            posted.add(_text(unquote_to_bytes(name), encoding), _text(value, encoding))
    return posted


def _parse_multipart(content_type: str, body: bytes) -> Posted:
    _, options = parse_options_header(content_type)
    parts = _Parts(_encoding(options))
    try:
        parser = MultipartParser(options.get(b"boundary", b""), parts.callbacks())  # type: ignore[arg-type]
        parser.write(body)
    except (ValueError, FormParserError):
        parts.posted.is_malformed = True
    parts.posted.is_malformed |= not parts.ended
    return parts.posted


def _encoding(options: Mapping[bytes, bytes]) -> str:
    """The encoding of a text; where another than UTF-8 is named, only ASCII can be trusted."""
    charset = options.get(b"charset", b"utf-8").lower()
    return "utf-8" if charset in {b"utf-8", b"utf8"} else "ascii"


def _text(content: bytes, encoding: str = "utf-8") -> str:
    return content.decode(encoding, "replace")


class _Parts:
    """Collects what the parser finds; the body is written at once, so each value comes complete.

    Args:
        encoding: of parts that name none.
    """

    def __init__(self, encoding: str) -> None:
        self.posted = Posted()
        self.ended = False
        self._usual_encoding = self._encoding = encoding
        self._header = self._value = b""
        self._name: str | None = None
        self._is_file = False

    def callbacks(self) -> dict[str, object]:
        """The callbacks of ``MultipartParser``, by their names there."""
        return {
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_end": self._on_end,
        }

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header = data[start:end].lower()

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        value = data[start:end]
        content, options = parse_options_header(value)
        if self._header == b"content-type" and b"charset" in options:
            self._encoding = _encoding(options)
        if self._header != b"content-disposition":
            return
        # parse_options_header() drops filename* (RFC 7578, 4.2).
        self._is_file = b"filename" in value.lower() or content != b"form-data"
        if self._name is not None or options.keys() != {b"name"}:
            self._is_file = True
        self._name = _text(options.get(b"name", b""))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_part_end(self) -> None:
        if self._name is None or self._is_file:
            self.posted.is_malformed = True
        else:
            self.posted.add(self._name, _text(self._value, self._encoding))
        self._name, self._value, self._is_file = None, b"", False
        self._encoding = self._usual_encoding

    def _on_end(self) -> None:
        self.ended = True


_PARSERS = {
    "multipart/form-data": _parse_multipart,
    "application/x-www-form-urlencoded": _parse_urlencoded,
}
