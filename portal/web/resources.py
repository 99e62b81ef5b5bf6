"""Resources: pages and files with all their representations, ready to be sent (RFC 9110).

A ``Resource`` is one body with its headers and, where it can be revalidated, a strong entity
tag; its representations are the body in each content coding. ``Resources`` has the resource of
every address. Each is built when it is first asked for, and compressed then or in the background
once its edition is in use (``Edition.compress_ahead``).
"""

import gzip
import hashlib
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Generic, TypeVar
from urllib.parse import quote

import brotli
from starlette.types import Scope, Send

from portal.web.headers import NO_STORE, PRIVATE, REVALIDATE, Headers, header_lines, with_security

TEXT = "text/plain; charset=utf-8"
BEST_QUALITY, FAST_QUALITY = 11, 4
"""Qualities of brotli. The best takes 10 ms a page and is for what is compressed once."""

READ_LIMIT = 500
"""Bytes of a header that are read to choose a representation; browsers send fewer than 50."""
_COMPRESSED_FROM = 200
"""Bytes; shorter bodies gain nothing from compression."""
_BEST_BELOW = 200_000
"""Bytes; longer bodies, such as a sitemap of many languages, are compressed fast."""

Bodies = Mapping[str, bytes]
"""A body in each content coding; the coding ``""`` is identity."""


@dataclass(frozen=True)
class Representation:
    """What is sent to one client: a resource in one content coding, or 304."""

    status: int
    headers: Headers
    body: bytes

    @cached_property
    def header_lines(self) -> bytes:
        """The headers as they go over the wire."""
        return header_lines(self.headers)

    @cached_property
    def message(self) -> bytes:
        """Headers and body as they go over the wire."""
        return self.header_lines + b"\r\n" + self.body


class Resource:
    """One body, its headers, and its representations.

    Args:
        status: the HTTP status.
        etag: without quotes and content coding; empty for responses that are not revalidated.
        headers: without those that depend on the content coding.
        body: not compressed.
        quality: of brotli, 0 to 11.
    """

    def __init__(self, status: int, etag: str, headers: Headers, body: bytes, quality: int) -> None:
        self.status = status
        self.etag = etag
        self.headers = headers
        self.body = body
        self._quality = quality if len(body) < _BEST_BELOW else FAST_QUALITY
        # No cached_property: that of Python 3.11 has one lock for all resources, so readers
        # would wait for the thread that compresses in the background.
        self._bodies: Bodies | None = None
        self._representations: Mapping[str, Representation] | None = None
        self._not_modified_by_tag: Mapping[bytes, Representation] | None = None

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def codings(self) -> tuple[str, ...]:
        """The content codings offered; ``""`` is identity."""
        return ("br", "gzip", "") if len(self.body) >= _COMPRESSED_FROM else ("",)

    @property
    def bodies(self) -> Bodies:
        """The body in each coding, compressed when first asked for."""
        if self._bodies is None:
            self._bodies = {coding: self._encode(coding) for coding in self.codings}
        return self._bodies

    @property
    def is_compressed(self) -> bool:
        """Whether the body has been compressed."""
        return self._bodies is not None

    def reuse(self, bodies: Bodies | None) -> None:
        """Take over bodies that another resource with the same entity tag has compressed."""
        self._bodies = bodies

    def _encode(self, coding: str) -> bytes:
        if coding == "br":
            return bytes(brotli.compress(self.body, quality=self._quality))
        if coding == "gzip":
            return gzip.compress(self.body, 9 if self._quality == BEST_QUALITY else 6, mtime=0)
        return self.body

    @property
    def representations(self) -> Mapping[str, Representation]:
        """The complete response in each coding."""
        if self._representations is None:
            self._representations = {
                coding: Representation(self.status, self._coded_headers(coding, body), body)
                for coding, body in self.bodies.items()
            }
        return self._representations

    def _coded_headers(self, coding: str, body: bytes) -> Headers:
        headers = [*self.headers, (b"content-length", str(len(body)).encode())]
        if coding:
            headers.append((b"content-encoding", coding.encode()))
        if self.etag:
            headers.append((b"etag", _entity_tag(self.etag, coding)))
        return headers

    def negotiate(self, accept_encoding: bytes, if_none_match: bytes) -> Representation:
        """The representation in the preferred content coding, or 304 Not Modified.

        Args:
            accept_encoding: the request's header, empty where it has none.
            if_none_match: likewise.
        """
        if not self.etag and len(self.body) < _COMPRESSED_FROM:  # there is nothing to choose
            return Representation(self.status, self._coded_headers("", self.body), self.body)
        if if_none_match and (not_modified := self._not_modified(if_none_match[:READ_LIMIT])):
            return not_modified
        coding = preferred_coding(accept_encoding[:READ_LIMIT])
        return self.representations.get(coding) or self.representations[""]

    def _not_modified(self, if_none_match: bytes) -> Representation | None:
        """304 where the client has the resource already.

        If-None-Match is a list, compares weakly, and ``*`` means any (RFC 9110, 13.1.2).
        """
        if not self.etag or self.status != 200:
            return None
        if self._not_modified_by_tag is None:
            headers = [header for header in self.headers if header[0] != b"content-type"]
            tags = [_entity_tag(self.etag, coding) for coding in self.codings]
            self._not_modified_by_tag = {
                tag: Representation(304, [*headers, (b"etag", tag)], b"") for tag in tags
            }
        by_tag = self._not_modified_by_tag
        if if_none_match.strip() == b"*":
            return next(iter(by_tag.values()))
        tags = [tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b",")]
        return next((by_tag[tag] for tag in tags if tag in by_tag), None)


def _entity_tag(etag: str, coding: str) -> bytes:
    return f'"{etag}{"-" if coding else ""}{coding}"'.encode()


Address = TypeVar("Address", bound=Hashable)


class Resources(Generic[Address]):
    """The resources of some addresses, each built when it is first asked for.

    Two threads that ask for a resource at the same time may both build it; both get equal
    bytes.

    Args:
        builders: build the resource of each address.
        compressed: bodies compressed earlier, by entity tag. A resource with such a tag has
            equal bytes and takes the bodies over.
    """

    def __init__(
        self,
        builders: Mapping[Address, Callable[[], Resource]],
        compressed: MutableMapping[str, Bodies] | None = None,
    ) -> None:
        self._builders = builders
        self._built: dict[Address, Resource] = {}
        self._reusable = {} if compressed is None else compressed

    def __contains__(self, address: object) -> bool:
        return address in self._builders

    def __iter__(self) -> Iterator[Address]:
        return iter(self._builders)

    def __len__(self) -> int:
        return len(self._builders)

    def find(self, address: Address) -> Resource | None:
        """The resource of an address, built if need be; None where there is none."""
        resource = self._built.get(address)
        if resource is None and (build := self._builders.get(address)):
            resource = build()
            if resource.etag in self._reusable:
                resource.reuse(self._reusable.pop(resource.etag))
            self._built[address] = resource
        return resource

    def built(self, address: Address) -> Resource:
        """The resource of an existing address.

        Raises:
            KeyError: where there is none.
        """
        if (resource := self.find(address)) is None:
            raise KeyError(address)
        return resource

    def compressed(self) -> dict[str, Bodies]:
        """All bodies compressed so far, by entity tag, for the next edition."""
        return dict(self._reusable) | {
            resource.etag: resource.bodies
            for resource in list(self._built.values())
            if resource.etag and resource.is_compressed
        }

    def forget_former(self) -> None:
        """Drop the bodies compressed earlier that no resource has taken over."""
        self._reusable.clear()


def resource(
    body: str | bytes,
    media_type: str,
    *,
    status: int = 200,
    cache: str = REVALIDATE,
    headers: Iterable[tuple[str, str]] = (),
    quality: int = BEST_QUALITY,
) -> Resource:
    """Make a resource.

    Args:
        body: not compressed.
        media_type: with charset where it has one.
        status: the HTTP status.
        cache: the value of Cache-Control.
        headers: further headers.
        quality: of brotli, 0 to 11.
    """
    if isinstance(body, str):
        # No page may hold NUL or lone surrogates.
        body = body.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace")
    etag = "" if cache in {NO_STORE, PRIVATE} else hashlib.sha256(body).hexdigest()[:20]
    fields = {"content-type": media_type, "cache-control": cache, "vary": "Accept-Encoding"}
    encoded = [(name.encode(), value.encode()) for name, value in (fields | dict(headers)).items()]
    return Resource(status, etag, with_security(encoded), body, quality)


def redirect(
    address: str, status: int, *, cache: str = NO_STORE, headers: Iterable[tuple[str, str]] = ()
) -> Resource:
    """Lead the client to another address of the portal (RFC 9110, 15.4).

    Args:
        address: relative to the origin, so that no Host header can send a reader elsewhere.
            Characters that no address may have, such as a line break, are quoted (RFC 3986, 2.1).
        status: 302, 303 or 308.
        cache: the value of Cache-Control.
        headers: further headers.
    """
    fields = [("location", quote(address, safe=_ADDRESS)), ("cache-control", cache), *headers]
    encoded = [(name.encode(), value.encode()) for name, value in fields]
    return Resource(status, "", with_security(encoded), b"", FAST_QUALITY)


_ADDRESS = "%/:?#[]@!$&'()*+,;="
"""Characters of an address besides letters, digits and -._~ (RFC 3986, 2.2)."""


async def respond(
    resource: Resource, scope: Scope, send: Send, extra: Headers | None = None
) -> None:
    """Send a resource, negotiated with the headers of the request."""
    headers = dict(scope["headers"])
    representation = resource.negotiate(
        headers.get(b"accept-encoding", b""), headers.get(b"if-none-match", b"")
    )
    await send_representation(representation, send, extra)


async def send_representation(
    representation: Representation, send: Send, extra: Headers | None = None
) -> None:
    """Send a representation, with further headers."""
    headers = representation.headers + extra if extra else representation.headers
    await send({"type": "http.response.start", "status": representation.status, "headers": headers})
    await send({"type": "http.response.body", "body": representation.body})


# Cached: browsers send the same few values with every request.
@lru_cache(256)
def preferred_coding(accept_encoding: bytes) -> str:
    """``br``, ``gzip`` or ``""`` for an Accept-Encoding header (RFC 9110, 12.5.3).

    Brotli is the smallest and wins where its weight is that of gzip.
    """
    weights: dict[str, float] = {}
    for part in accept_encoding.decode("latin-1").lower().split(","):
        coding, _, weight = "".join(part.split()).partition(";")
        weights[coding] = _quality_value(weight)
    others = weights.get("*", 0.0)
    weighed = {coding: weights.get(coding, others) for coding in ("br", "gzip")}
    best = max(weighed, key=lambda coding: weighed[coding])
    return best if weighed[best] > 0 else ""


def _quality_value(weight: str) -> float:
    if not weight:
        return 1.0
    return float(weight[2:]) if _WEIGHT.fullmatch(weight) else 0.0


_WEIGHT = re.compile(r"q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)")
