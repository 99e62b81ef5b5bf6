"""A posted body becomes fields.

Both encodings that forms have are understood. A body is small (the guard bounds
it), so it is read whole: 5000 characters then cost the same in every script. The
parser of multipart is python-multipart's; what it finds must be what our own form
sends (RFC 7578): a file or a part without a name is no form of ours. What is written
just as browsers write it is cut without the parser, which costs as much as all the
rest of the way in; ``tests/properties`` hold the two to the same answers.
"""

import re
from functools import lru_cache
from urllib.parse import parse_qsl

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive

FIELDS = 20
"""More fields than the form has mean that something else is sent."""


async def body(receive: Receive) -> bytes:
    """The whole body of a request.

    Raises:
        ClientDisconnect: when the sender is gone.
    """
    whole, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        whole += message.get("body", b"")
        more = message.get("more_body", False)
    return whole


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
    plain = _BOUNDARY.fullmatch(content_type)
    if plain and (pairs := _cut(plain[1].encode(), body)) is not None:
        return pairs
    return _parsed(content_type, body)


_BOUNDARY = re.compile(r"multipart/form-data; boundary=([A-Za-z0-9_-]{1,70})")
_PART = re.compile(
    rb'\r\nContent-Disposition: form-data; name="([a-z_]{1,40})"\r\n\r\n(.*)', re.DOTALL
)


def _cut(boundary: bytes, body: bytes) -> list[tuple[str, str]] | None:
    """The fields of a body that holds nothing but what browsers write; None of any other."""
    before, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if before or not parts or parts.pop() != b"--\r\n":
        return None
    found = [part for part in map(_PART.fullmatch, parts) if part]
    if len(found) < len(parts):
        return None
    return [(part[1].decode(), part[2].decode("utf-8", "replace")) for part in found]


def _parsed(content_type: str, body: bytes) -> list[tuple[str, str]]:
    _, options = parse_options_header(content_type)
    parts = _Parts(options.get(b"boundary", b""))
    parts.write(body)
    if not parts.ended:
        raise ValueError
    return parts.pairs


class _Parts(MultipartParser):
    """What the parser meets in a body.

    It tells of everything as places in the body. A table of functions, which it would
    look through for each, takes as long as the parsing. The body is written to it at
    once, so it tells of each header and each value once.
    """

    def __init__(self, boundary: bytes) -> None:
        super().__init__(boundary)
        self.pairs: list[tuple[str, str]] = []
        self.ended = False
        self._header = self._value = b""
        self._name: str | None = None

    def callback(
        self, name: str, data: bytes | None = None, start: int | None = None, end: int | None = None
    ) -> None:
        """Hear what the parser tells."""
        if data is not None:
            self._hear(name, data[start:end])
        elif name == "part_end":
            self._keep()
        elif name == "end":
            self.ended = True

    def _hear(self, name: str, data: bytes) -> None:
        if name == "part_data":
            self._value = data
        elif name == "header_field":
            self._header = data
        elif self._header.lower() == b"content-disposition":
            if self._name is not None:
                raise ValueError
            self._name = _named(data)

    def _keep(self) -> None:
        if self._name is None or len(self.pairs) > FIELDS:
            raise ValueError
        self.pairs.append((self._name, self._value.decode("utf-8", "replace")))
        self._name, self._value = None, b""


@lru_cache(64)
def _named(disposition: bytes) -> str:
    """The name in a Content-Disposition; a browser writes the same for every form.

    Raises:
        ValueError: for a file, which has more than a name, and for what has none.
    """
    kind, options = parse_options_header(disposition)
    if kind != b"form-data" or options.keys() != {b"name"}:
        raise ValueError
    return options[b"name"].decode("utf-8", "replace")


_READ = {"multipart/form-data": _multipart, "application/x-www-form-urlencoded": _urlencoded}
