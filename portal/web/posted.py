"""A posted body becomes fields.

Both encodings that forms have are understood. A body is small (the guard bounds
it), so it is read whole and cut at its boundaries: 5000 characters then cost the
same in every script. Multipart is read strictly, as browsers write it (RFC 7578):
a file, a preamble or a part without a name is no form of ours.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException

FIELDS = 20
"""More fields than the form has mean that something else is sent."""

_BOUNDARY = re.compile(rb""";\s*boundary=(?:"([^"]{1,70})"|([^\s";,]{1,70}))\s*(?:;|$)""", re.I)
_DISPOSITION = re.compile(
    rb"\r\ncontent-disposition:[ \t]*form-data;"
    rb"""[ \t]*name=(?:"([^"\r\n]*)"|([^\s";]+))(?=\r\n|\Z)""",
    re.IGNORECASE,
)
_OTHERS = re.compile(rb"(?:\r\n[a-z-]+:[^\r\n]*)*", re.IGNORECASE)


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
        pairs = list(_READ[kind](content_type.encode("latin-1"), body))
    except ValueError:
        raise HTTPException(400) from None
    found = dict(pairs)
    if len(found) < len(pairs) or len(pairs) > FIELDS:
        raise HTTPException(400)
    return found


def _urlencoded(_: bytes, body: bytes) -> list[tuple[str, str]]:
    text = body.decode("utf-8", "replace")
    return parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS)


def _multipart(content_type: bytes, body: bytes) -> Iterator[tuple[str, str]]:
    boundary = _BOUNDARY.search(content_type)
    if not boundary:
        raise ValueError
    mark = b"\r\n--" + (boundary[1] or boundary[2])
    before, *parts, after = (b"\r\n" + body).split(mark, FIELDS + 2)
    if before or after not in {b"--", b"--\r\n"}:
        raise ValueError
    for part in parts:
        head, blank, value = part.partition(b"\r\n\r\n")
        if not blank:
            raise ValueError
        yield _name(head), value.decode("utf-8", "replace")


def _name(head: bytes) -> str:
    """The name in a part's header; a file has more than a name there."""
    found = _DISPOSITION.findall(head)
    if len(found) != 1 or not _OTHERS.fullmatch(head):
        raise ValueError
    quoted, bare = found[0]
    return str(quoted or bare, "utf-8", "replace")


_READ = {"multipart/form-data": _multipart, "application/x-www-form-urlencoded": _urlencoded}
