"""A posted body becomes fields.

Both encodings that HTML forms have are understood. A body is small (the guard bounds it),
so it is read whole. What python-multipart's parser finds must be what our own form sends
(RFC 7578): a file, or a part without a name, is refused.
"""

from urllib.parse import parse_qsl

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException

FIELDS = 20
"""Fields of a body at the most; our form has fewer."""


def parse(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a posted form.

    Args:
        content_type: the request's Content-Type.
        body: the whole body.

    Raises:
        HTTPException: 415 for anything but a form, 400 for one that is malformed, has
            too many fields, files, or a field twice.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in _PARSERS:
        raise HTTPException(415)
    try:
        pairs = _PARSERS[media_type](content_type, body)
    except (ValueError, FormParserError):
        raise HTTPException(400) from None
    fields = dict(pairs)
    if len(fields) < len(pairs) or len(pairs) > FIELDS:
        raise HTTPException(400)
    return fields


def _parse_urlencoded(_: str, body: bytes) -> list[tuple[str, str]]:
    text = body.decode("utf-8", "replace")
    return parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS)


def _parse_multipart(content_type: str, body: bytes) -> list[tuple[str, str]]:
    _, options = parse_options_header(content_type)
    parts = _Parts()
    parser = MultipartParser(options.get(b"boundary", b""), parts.callbacks())  # type: ignore[arg-type]
    parser.write(body)
    if not parts.ended:
        raise ValueError("the body ends before its last boundary")
    return parts.pairs


class _Parts:
    """Collects what the parser finds; the body is written at once, so each value comes whole."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.ended = False
        self._header = self._value = b""
        self._name: str | None = None

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
        self._header = data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        if self._header.lower() != b"content-disposition":
            return
        disposition, options = parse_options_header(data[start:end])
        if self._name is not None or disposition != b"form-data" or options.keys() != {b"name"}:
            raise ValueError("a file, or a part without a name of its own")
        self._name = options[b"name"].decode("utf-8", "replace")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_part_end(self) -> None:
        if self._name is None or len(self.pairs) > FIELDS:
            raise ValueError("a part without a name, or too many parts")
        self.pairs.append((self._name, self._value.decode("utf-8", "replace")))
        self._name, self._value = None, b""

    def _on_end(self) -> None:
        self.ended = True


_PARSERS = {
    "multipart/form-data": _parse_multipart,
    "application/x-www-form-urlencoded": _parse_urlencoded,
}
