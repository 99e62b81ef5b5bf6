"""Pages printed once, ready to be handed out.

A ``Resource`` is one answer, complete: every encoding of its body, the headers that
go with each, and a strong ETag. The shelf holds one for every address; each is printed
and compressed once, when it is first wanted or in the background after the start
(``Edition.pack``). A shelf is replaced whole and says the same as long as it stands, so
a reader meets the old pages or the new ones and never a mixture.
"""

import gzip
import hashlib
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Generic, TypeVar

import brotli
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]

SECURITY: Headers = [
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
        b" connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
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
IMMUTABLE = "public, max-age=31536000, immutable"
PRIVATE = "no-store"

BEST, QUICK = 11, 4
"""Qualities of brotli: the first costs 10 ms a page and is for what is printed once."""

_SMALL = 200
"""Bodies shorter than this gain nothing from compression."""
_LARGE = 200_000
"""Bodies longer than this are never compressed slowly: a sitemap of many languages."""


def lines(headers: Headers) -> bytes:
    """Headers as they go over the wire."""
    return b"".join([b"%s: %s\r\n" % header for header in headers])


@dataclass(frozen=True)
class Representation:
    """What is sent to one reader: a sheet in one encoding, or that nothing has changed."""

    status: int
    headers: Headers
    body: bytes

    @cached_property
    def lines(self) -> bytes:
        """Its headers as they go over the wire."""
        return lines(self.headers)

    @cached_property
    def whole(self) -> bytes:
        """Its headers and its body."""
        return self.lines + b"\r\n" + self.body


@dataclass(frozen=True)
class Resource:
    """One answer, ready to be sent."""

    status: int
    etag: str
    """Without quotes and encoding; empty where the answer is not to be kept."""
    headers: Headers
    """But for those that go with an encoding."""
    body: bytes
    quality: int

    @property
    def text(self) -> str:
        """Its body, as it is before it is compressed."""
        return self.body.decode()

    @property
    def encodings(self) -> tuple[str, ...]:
        """Those it comes in; ``""`` is the bare one."""
        return ("",) if len(self.body) < _SMALL else ("br", "gzip", "")

    @property
    def bodies(self) -> Mapping[str, tuple[Headers, bytes]]:
        """By encoding. Compressed when first wanted, since that takes longer than printing.

        Not a ``cached_property``: Python 3.11's has one lock for all sheets, and who
        packs in the background would hold it against readers.
        """
        kept: dict[str, Mapping[str, tuple[Headers, bytes]]] = vars(self)
        if "_bodies" not in kept:
            packed = {encoding: self._packed(encoding) for encoding in self.encodings}
            kept["_bodies"] = {
                encoding: ([*self.headers, *_entity(self.etag, encoding, body)], body)
                for encoding, body in packed.items()
            }
        return kept["_bodies"]

    def _packed(self, encoding: str) -> bytes:
        quality = self.quality if len(self.body) < _LARGE else QUICK
        if encoding == "br":
            return bytes(brotli.compress(self.body, quality=quality))
        if encoding == "gzip":
            return gzip.compress(self.body, 9 if quality == BEST else 6, mtime=0)
        return self.body

    @cached_property
    def etags(self) -> Mapping[bytes, str]:
        """Each encoding's entity tag and the encoding."""
        return {_tag(self.etag, encoding): encoding for encoding in self.encodings}

    def negotiate(self, accepted: bytes, matched: bytes) -> Representation:
        """It in the encoding that suits best, or only that nothing has changed.

        Args:
            accepted: the request's Accept-Encoding.
            matched: its If-None-Match.
        """
        if matched and (tag := unchanged(self, matched)):
            return self._unchanged[tag]
        return self._whole.get(preferred_coding(accepted)) or self._whole[""]

    @cached_property
    def _whole(self) -> Mapping[str, Representation]:
        return {
            encoding: Representation(self.status, *parts) for encoding, parts in self.bodies.items()
        }

    @cached_property
    def _unchanged(self) -> Mapping[bytes, Representation]:
        headers = [header for header in self.headers if header[0] != b"content-type"]
        return {tag: Representation(304, [*headers, (b"etag", tag)], b"") for tag in self.etags}


Place = TypeVar("Place", bound=Hashable)


class Resources(Mapping[Place, Resource], Generic[Place]):
    """Sheets in their places, each printed when it is first wanted.

    Two who want it at the same time may both print it; what they print is the same.

    Args:
        printers: what prints the sheet of each place.
        printed: sheets that need not be printed anew.
    """

    def __init__(
        self,
        printers: Mapping[Place, Callable[[], Resource]],
        printed: Mapping[Place, Resource] = MappingProxyType({}),
    ) -> None:
        self._printers = printers
        self._printed = {place: one for place, one in printed.items() if place in printers}

    def __getitem__(self, place: Place) -> Resource:
        if (found := self._printed.get(place)) is None:
            found = self._printed[place] = self._printers[place]()
        return found

    def __contains__(self, place: object) -> bool:
        return place in self._printers

    def __iter__(self) -> Iterator[Place]:
        return iter(self._printers)

    def __len__(self) -> int:
        return len(self._printers)

    def find(self, place: Place) -> Resource | None:
        """The sheet of a place, or None where there is no such place."""
        found = self._printed.get(place)
        return self[place] if found is None and place in self._printers else found

    @property
    def printed(self) -> Mapping[Place, Resource]:
        """Those that have been wanted so far; a copy, since more may be wanted at any time."""
        return dict(self._printed)


def resource(
    body: str | bytes,
    media_type: str,
    *,
    status: int = 200,
    cache: str = REVALIDATE,
    headers: Iterable[tuple[str, str]] = (),
    quality: int = BEST,
) -> Resource:
    """Make a sheet of a body.

    Args:
        body: what is sent.
        media_type: its type, with charset where it has one.
        status: the HTTP status.
        cache: the value of Cache-Control.
        headers: further headers.
        quality: of brotli, 0 to 11.
    """
    plain = _readable(body) if isinstance(body, str) else body
    etag = "" if cache == PRIVATE else hashlib.sha256(plain).hexdigest()[:20]
    common = [
        (b"content-type", media_type.encode()),
        (b"cache-control", cache.encode()),
        (b"vary", b"Accept-Encoding"),
        *((name.encode(), value.encode()) for name, value in headers),
    ]
    named = {name for name, _ in common}
    common += [header for header in SECURITY if header[0] not in named]
    return Resource(status, etag, common, plain, quality)


def _readable(text: str) -> bytes:
    """The text as UTF-8, with signs in place of what no page may hold: NUL, half characters."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace")


def _entity(etag: str, encoding: str, body: bytes) -> Headers:
    headers = [(b"content-length", str(len(body)).encode())]
    if encoding:
        headers.append((b"content-encoding", encoding.encode()))
    if etag:
        headers.append((b"etag", _tag(etag, encoding)))
    return headers


def _tag(etag: str, encoding: str) -> bytes:
    return f'"{etag}{"-" if encoding else ""}{encoding}"'.encode()


async def respond(sheet: Resource, scope: Scope, send: Send, extra: Headers | None = None) -> None:
    """Send a sheet, as the request's headers ask for it."""
    given = dict(scope["headers"])
    answer = sheet.negotiate(given.get(b"accept-encoding", b""), given.get(b"if-none-match", b""))
    await send_representation(answer, send, extra)


async def send_representation(
    answer: Representation, send: Send, extra: Headers | None = None
) -> None:
    """Send an answer."""
    headers = answer.headers + extra if extra else answer.headers
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


class ResourceResponse(Response):
    """A sheet as an endpoint returns it."""

    def __init__(self, sheet: Resource, extra: Headers | None = None) -> None:
        self._sheet, self._extra = sheet, extra

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await respond(self._sheet, scope, send, self._extra)


def unchanged(sheet: Resource, matched: bytes) -> bytes | None:
    """The entity tag by which a reader already has the sheet.

    If-None-Match is a list, compares weakly, and ``*`` means any (RFC 9110, 13.1.2).
    """
    if not sheet.etag or sheet.status != 200:
        return None
    own = sheet.etags
    if matched in own:
        return matched
    if matched.strip() == b"*":
        return next(iter(own))
    tags = [tag.strip().removeprefix(b"W/") for tag in matched.split(b",")]
    return next((tag for tag in tags if tag in own), None)


@lru_cache(256)
def preferred_coding(accepted: bytes) -> str:
    """``br``, ``gzip`` or nothing, for an Accept-Encoding header (RFC 9110, 12.5.3).

    Brotli is the smallest and wins where it is wanted as much as gzip.
    """
    weights: dict[str, float] = {}
    for part in accepted.decode("latin-1").lower().split(","):
        coding, _, weight = "".join(part.split()).partition(";")
        weights[coding] = _quality(weight)
    others = weights.get("*", 0.0)
    liking = {coding: weights.get(coding, others) for coding in ("br", "gzip")}
    best = max(liking, key=lambda coding: liking[coding])
    return best if liking[best] > 0 else ""


def _quality(weight: str) -> float:
    if not weight:
        return 1.0
    return float(weight[2:]) if _WEIGHT.fullmatch(weight) else 0.0


_WEIGHT = re.compile(r"q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)")
