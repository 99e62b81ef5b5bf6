"""A posted body becomes fields.

Both encodings that forms have are understood. A body is small (the guard bounds
it), so it is read whole: 5000 characters then cost the same in every script. The
parser of multipart is python-multipart's; what it finds must be what our own form
sends (RFC 7578): a file or a part without a name is no form of ours.
"""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException

FIELDS = 20
"""More fields than the form has mean that something else is sent."""


def fields(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a posted form.

    Raises:
        HTTPException: 415 for anything but a form, 400 for one that is malformed, has
            too many fields, files, or a field twice.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _READ:
        raise HTTPException(415)
    try:
        pairs = list(_READ[kind](content_type, body))
    except (ValueError, FormParserError):
        raise HTTPException(400) from None
    found = dict(pairs)
    if len(found) < len(pairs) or len(pairs) > FIELDS:
        raise HTTPException(400)
    return found


def _urlencoded(_: str, body: bytes) -> list[tuple[str, str]]:
    text = body.decode("utf-8", "replace")
    return parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS)


def _multipart(content_type: str, body: bytes) -> list[tuple[str, str]]:
    _, options = parse_options_header(content_type)
    found = _Parts()
    parser = MultipartParser(options.get(b"boundary", b""), found.callbacks())  # type: ignore[arg-type]
    parser.write(body)
    parser.finalize()
    if not found.ended:
        raise ValueError
    return found.pairs


@dataclass
class _Parts:
    """What a parser has met: it tells of everything as places in the body."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    ended: bool = False
    _header: bytes = b""
    _value: bytes = b""
    _name: bytes | None = None
    _data: bytes = b""

    def callbacks(self) -> dict[str, object]:
        """The parser's events, and what answers them."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header_end,
            "on_part_data": self._on_data,
            "on_part_end": self._keep,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._name, self._data = None, b""

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            kind, options = parse_options_header(self._value)
            if kind != b"form-data" or options.keys() != {b"name"} or self._name is not None:
                raise ValueError  # a file has more than a name
            self._name = options[b"name"]
        self._header = self._value = b""

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def _keep(self) -> None:
        if self._name is None or len(self.pairs) > FIELDS:
            raise ValueError
        name, value = self._name, self._data
        self.pairs.append((name.decode("utf-8", "replace"), value.decode("utf-8", "replace")))

    def _end(self) -> None:
        self.ended = True


_READ = {"multipart/form-data": _multipart, "application/x-www-form-urlencoded": _urlencoded}
