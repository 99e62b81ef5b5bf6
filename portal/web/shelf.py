"""Pages printed ahead of time, ready to be handed out.

A ``Sheet`` is one answer, complete: every encoding of its body, the headers that
go with each, and a strong ETag. The shelf is a mapping from address to sheet that
is replaced whole and never changed, so a reader meets the old pages or the new
ones and never a mixture.
"""

import gzip
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import brotli
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]

SECURITY: Headers = [
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
        b" form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), browsing-topics=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
"""On every answer. ``no-referrer`` would make browsers send forms with ``Origin: null``."""

REVALIDATE = "no-cache"
"""Caches may keep it and ask each time whether it is still so."""
FOR_EVER = "public, max-age=31536000, immutable"
PRIVATE = "no-store"

SMALLEST, QUICK = 11, 4
"""Qualities of brotli: the first costs 10 ms a page, and pages get it when they are polished."""

_SMALL = 200
"""Bodies shorter than this gain nothing from compression."""


@dataclass(frozen=True)
class Sheet:
    """One answer, ready to be sent."""

    status: int
    etag: str
    """Without quotes and encoding; empty where the answer is not to be kept."""
    bodies: Mapping[str, tuple[Headers, bytes]]
    """By encoding: ``br``, ``gzip``, and ``""`` for the bare one."""
    is_quick: bool = False
    """Whether it could be packed smaller."""

    @property
    def text(self) -> str:
        """Its body, as it is before it is compressed."""
        return self.bodies[""][1].decode()

    def etags(self) -> Mapping[bytes, str]:
        """Each encoding's entity tag and the encoding."""
        return {_tag(self.etag, encoding): encoding for encoding in self.bodies}


def sheet(
    body: str | bytes,
    media_type: str,
    *,
    status: int = 200,
    cache: str = REVALIDATE,
    headers: Iterable[tuple[str, str]] = (),
    quality: int = SMALLEST,
) -> Sheet:
    """Make a sheet of a body.

    Args:
        body: what is sent.
        media_type: its type, with charset where it has one.
        status: the HTTP status.
        cache: the value of Cache-Control.
        headers: further headers.
        quality: of brotli, 0 to 11.
    """
    plain = body.encode() if isinstance(body, str) else body
    etag = "" if cache == PRIVATE else hashlib.sha256(plain).hexdigest()[:20]
    common = [
        (b"content-type", media_type.encode()),
        (b"cache-control", cache.encode()),
        (b"vary", b"Accept-Encoding"),
        *((name.encode(), value.encode()) for name, value in headers),
    ]
    named = {name for name, _ in common}
    common += [header for header in SECURITY if header[0] not in named]
    return Sheet(
        status,
        etag,
        {
            encoding: ([*common, *_entity(etag, encoding, packed)], packed)
            for encoding, packed in _packed(plain, quality).items()
        },
        quality < SMALLEST,
    )


def polished(sheet: Sheet) -> Sheet:
    """The same answer packed as small as it goes, once there is time for it.

    Its entity tags stay: what they stand for, unpacked, is the same to the byte.
    """
    packed = _packed(sheet.bodies[""][1], SMALLEST)
    bodies = {
        encoding: (_with_length(headers, len(packed[encoding])), packed[encoding])
        for encoding, (headers, _) in sheet.bodies.items()
    }
    return replace(sheet, bodies=bodies, is_quick=False)


def _with_length(headers: Headers, length: int) -> Headers:
    name = b"content-length"
    return [(n, str(length).encode() if n == name else value) for n, value in headers]


def _packed(body: bytes, quality: int) -> dict[str, bytes]:
    if len(body) < _SMALL:
        return {"": body}
    return {
        "br": brotli.compress(body, quality=quality),
        "gzip": gzip.compress(body, 9 if quality == SMALLEST else 6, mtime=0),
        "": body,
    }


def _entity(etag: str, encoding: str, body: bytes) -> Headers:
    headers = [(b"content-length", str(len(body)).encode())]
    if encoding:
        headers.append((b"content-encoding", encoding.encode()))
    if etag:
        headers.append((b"etag", _tag(etag, encoding)))
    return headers


def _tag(etag: str, encoding: str) -> bytes:
    return f'"{etag}{"-" if encoding else ""}{encoding}"'.encode()


async def hand_out(sheet: Sheet, scope: Scope, send: Send, extra: Headers | None = None) -> None:
    """Send a sheet: in the encoding that suits best, or only that nothing has changed."""
    accepted = matched = b""
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            accepted = value
        elif name == b"if-none-match":
            matched = value
    if matched and (tag := unchanged(sheet, matched)):
        headers = [h for h in sheet.bodies[""][0] if h[0] not in _OF_THE_BODY]
        await _send(send, 304, [*headers, (b"etag", tag)], b"")
        return
    headers, body = sheet.bodies[best_encoding(accepted) if len(sheet.bodies) > 1 else ""]
    await _send(send, sheet.status, headers + extra if extra else headers, body)


class SheetResponse(Response):
    """A sheet as an endpoint returns it."""

    def __init__(self, sheet: Sheet, extra: Headers | None = None) -> None:
        self._sheet, self._extra = sheet, extra

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await hand_out(self._sheet, scope, send, self._extra)


_OF_THE_BODY = {b"content-type", b"content-length", b"content-encoding", b"etag"}


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def unchanged(sheet: Sheet, matched: bytes) -> bytes | None:
    """The entity tag by which a reader already has the sheet.

    If-None-Match is a list, compares weakly, and ``*`` means any (RFC 9110, 13.1.2).
    """
    if not sheet.etag or sheet.status != 200:
        return None
    tags = [tag.strip().removeprefix(b"W/") for tag in matched.split(b",")]
    own = sheet.etags()
    if tags == [b"*"]:
        return next(iter(own))
    return next((tag for tag in tags if tag in own), None)


@lru_cache(256)
def best_encoding(accepted: bytes) -> str:
    """``br``, ``gzip`` or nothing, for an Accept-Encoding header (RFC 9110, 12.5.3).

    Brotli is the smallest and wins where it is wanted as much as gzip.
    """
    weights: dict[str, float] = {}
    for part in accepted.decode("latin-1").lower().split(","):
        coding, _, weight = part.replace(" ", "").partition(";")
        weights[coding] = _quality(weight)
    others = weights.get("*", 0.0)
    liking = {coding: weights.get(coding, others) for coding in ("br", "gzip")}
    best = max(liking, key=lambda coding: liking[coding])
    return best if liking[best] > 0 else ""


def _quality(weight: str) -> float:
    try:
        return float(weight.removeprefix("q=")) if weight else 1.0
    except ValueError:
        return 0.0
