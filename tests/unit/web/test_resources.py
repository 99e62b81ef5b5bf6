"""A resource has a response in every encoding, with its headers, and is revalidated by its tag."""

import gzip

import brotli
import pytest
from starlette.types import Message, Scope

from portal.web.headers import IMMUTABLE, NO_STORE, REVALIDATE, SECURITY, Headers
from portal.web.requests import Request, ResourceRoute
from portal.web.resources import (
    FAST_QUALITY,
    Resource,
    Resources,
    preferred_coding,
    redirect,
    resource,
    respond,
)

HTML = "text/html; charset=utf-8"
WORDS = "Våra förstärkningsområden – مجالات التعزيز. " * 20
PAGE = resource(WORDS, HTML)
PRIVATE = resource(WORDS, HTML, cache=NO_STORE)
TAG = f'"{PAGE.etag}"'.encode()
BR_TAG = f'"{PAGE.etag}-br"'.encode()
GZIP_TAG = f'"{PAGE.etag}-gzip"'.encode()

Representation = tuple[int, dict[bytes, bytes], bytes]


def request(*headers: tuple[bytes, bytes]) -> Scope:
    return {"type": "http", "method": "GET", "path": "/sv/", "headers": list(headers)}


async def answer(
    page: Resource, *headers: tuple[bytes, bytes], extra: Headers | None = None
) -> Representation:
    """The response to a request with these headers."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await respond(page, request(*headers), send, extra)
    start, body = sent
    assert len({name for name, _ in start["headers"]}) == len(start["headers"])
    return start["status"], dict(start["headers"]), body["body"]


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br, gzip;q=0", "br"),
        ("gzip, br;q=0", "gzip"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("br;q=0.5, gzip;q=0.5", "br"),
        ("gzip;q=0.001", "gzip"),
        ("br ; q=0.2 , gzip ; q=0.5", "gzip"),
        ("BR", "br"),
        ("GZIP;Q=0.5", "gzip"),
        ("*;q=0.5", "br"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("gzip, *;q=0", "gzip"),
        ("*;q=0", ""),
        ("br;q=0, gzip;q=0", ""),
        ("identity", ""),
        ("deflate, zstd", ""),
        ("brotli, gz", ""),
        ("", ""),
        (",;,=;q", ""),
        ("br;q=much, gzip;q=0.1", "gzip"),
        ("\u00e5\u00e4\u00f6;q=1", ""),
    ],
)
def test_the_encoding_is_the_preferred_one_and_then_the_smallest(
    accepted: str, encoding: str
) -> None:
    assert preferred_coding(accepted.encode("latin-1")) == encoding


def test_of_a_long_header_only_the_beginning_is_read() -> None:
    assert PAGE.negotiate(b"x," * 8000 + b"br", b"").body == PAGE.body
    assert PAGE.negotiate(b"br" + b",x" * 8000, b"").body != PAGE.body
    assert PAGE.negotiate(b"", TAG + b',"x"' * 4000).status == 304
    assert PAGE.negotiate(b"", b'"x",' * 4000 + TAG).status == 200


async def test_each_encoding_decompresses_to_the_same_text() -> None:
    decompressors = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}
    assert set(PAGE.bodies) == set(decompressors)
    for encoding, decompress in decompressors.items():
        _, headers, body = await answer(PAGE, (b"accept-encoding", encoding.encode()))
        assert decompress(body).decode() == WORDS == PAGE.text
        assert headers.get(b"content-encoding", b"").decode() == encoding
        assert headers[b"content-length"] == str(len(body)).encode()
        assert not encoding or len(body) < len(WORDS)


def test_the_same_text_is_compressed_to_the_same_bytes() -> None:
    assert resource(WORDS, HTML).bodies == resource(WORDS.encode(), HTML).bodies == PAGE.bodies
    time_in_gzip = PAGE.bodies["gzip"][4:8]
    assert time_in_gzip == bytes(4)


def test_a_fast_compression_has_the_same_content() -> None:
    fast = resource(WORDS, HTML, quality=FAST_QUALITY)
    assert brotli.decompress(fast.bodies["br"]).decode() == WORDS
    assert gzip.decompress(fast.bodies["gzip"]).decode() == WORDS


@pytest.mark.parametrize(("length", "encodings"), [(0, 1), (199, 1), (200, 3)])
async def test_a_small_body_is_not_compressed(length: int, encodings: int) -> None:
    small = resource("x" * length, HTML)
    assert len(small.bodies) == encodings
    _, headers, body = await answer(small, (b"accept-encoding", b"br, gzip"))
    assert (b"content-encoding" in headers) == (encodings > 1)
    assert headers[b"content-length"] == str(len(body)).encode()


@pytest.mark.parametrize("cache", [REVALIDATE, IMMUTABLE, NO_STORE])
def test_every_encoding_carries_the_same_headers(cache: str) -> None:
    page = resource(WORDS, HTML, cache=cache, headers=[("content-language", "sv")])
    for representation in page.representations.values():
        headers = representation.headers
        named = dict(headers)
        assert named[b"content-type"] == HTML.encode()
        assert named[b"cache-control"] == cache.encode()
        assert named[b"vary"] == b"Accept-Encoding"
        assert named[b"content-language"] == b"sv"
        assert set(SECURITY) <= set(headers)


def test_a_header_of_a_resource_replaces_the_usual_one() -> None:
    page = resource("", HTML, headers=[("referrer-policy", "no-referrer")])
    policies = [value for name, value in page.headers if name == b"referrer-policy"]
    assert policies == [b"no-referrer"]


def test_each_encoding_has_an_entity_tag_of_its_own() -> None:
    tags = {coding: dict(r.headers)[b"etag"] for coding, r in PAGE.representations.items()}
    assert tags == {"br": BR_TAG, "gzip": GZIP_TAG, "": TAG}
    assert resource(WORDS + "!", HTML).etag != PAGE.etag


def test_a_private_resource_has_no_entity_tag_and_no_304() -> None:
    assert PRIVATE.etag == ""
    assert all(b"etag" not in dict(r.headers) for r in PRIVATE.representations.values())
    assert PRIVATE.negotiate(b"", b"*").status == 200
    assert PRIVATE.negotiate(b"", b'""').status == 200


@pytest.mark.parametrize(
    ("matched", "tag"),
    [
        (TAG, TAG),
        (BR_TAG, BR_TAG),
        (b"W/" + GZIP_TAG, GZIP_TAG),
        (b'"other", ' + BR_TAG, BR_TAG),
        (b'"other",W/"another" , W/' + TAG + b' ,"more"', TAG),
        (b"*", BR_TAG),
        (b'"other"', None),
        (b'"*"', None),
        (TAG.strip(b'"'), None),
        (TAG[:-2] + b'"', None),
        (b"w/" + TAG, None),
        (b"", None),
        (b",,,", None),
    ],
)
def test_any_entity_tag_of_a_resource_is_answered_with_304(
    matched: bytes, tag: bytes | None
) -> None:
    representation = PAGE.negotiate(b"", matched)
    assert representation.status == (304 if tag else 200)
    assert dict(representation.headers)[b"etag"] == (tag or TAG)


@pytest.mark.parametrize("cache", [REVALIDATE, NO_STORE])
def test_a_redirect_has_one_representation(cache: str) -> None:
    moved = redirect("/sv/", 308, cache=cache, headers=[("vary", "Accept-Language")])
    representation = moved.negotiate(b"br", b"*")
    assert (representation.status, representation.body) == (308, b"")
    assert {
        b"location": b"/sv/",
        b"cache-control": cache.encode(),
        b"vary": b"Accept-Language",
        b"content-length": b"0",
        **dict(SECURITY),
    } == dict(representation.headers)


async def test_a_304_has_the_headers_of_the_resource_and_no_body() -> None:
    page = resource(WORDS, HTML, headers=[("content-language", "sv")])
    status, headers, body = await answer(
        page, (b"accept-encoding", b"br"), (b"if-none-match", BR_TAG)
    )
    assert (status, body) == (304, b"")
    assert headers[b"etag"] == BR_TAG
    assert headers[b"cache-control"] == REVALIDATE.encode()
    assert headers[b"vary"] == b"Accept-Encoding"
    assert headers[b"content-language"] == b"sv"
    assert not headers.keys() & {b"content-length", b"content-encoding", b"content-type"}


async def test_another_entity_tag_is_answered_with_the_content() -> None:
    status, headers, body = await answer(PAGE, (b"if-none-match", b'"other"'))
    assert (status, body.decode()) == (200, WORDS)
    assert headers[b"etag"] == TAG


async def test_an_error_is_never_answered_with_304() -> None:
    gone = resource(WORDS, HTML, status=404)
    assert (await answer(gone, (b"if-none-match", b"*")))[0] == 404


async def test_further_headers_are_sent_and_do_not_change_the_resource() -> None:
    page = resource(WORDS, HTML)
    before = [*page.headers]
    _, headers, _ = await answer(page, extra=[(b"allow", b"GET, HEAD")])
    assert headers[b"allow"] == b"GET, HEAD"
    assert page.headers == before


async def test_a_route_responds_with_a_resource() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def make(_: Request) -> Resource:
        return PAGE

    scope = {**request((b"accept-encoding", b"gzip")), "method": "GET", "path": "/sv/"}
    await ResourceRoute("/sv/", make).handle(scope, receive, send)
    assert sent[0]["status"] == 200
    assert gzip.decompress(sent[1]["body"]).decode() == WORDS


def test_a_resource_is_built_once_when_it_is_first_requested() -> None:
    built = []

    def build() -> Resource:
        built.append(True)
        return resource("a page", "text/plain")

    resources = Resources({"/sv/": build, "/en/": build})
    assert (len(resources), [*resources], "/sv/" in resources) == (2, ["/sv/", "/en/"], True)
    assert built == []
    assert resources.find("/ar/") is None
    assert resources.find("/sv/") is resources.built("/sv/")
    assert len(built) == 1
    with pytest.raises(KeyError):
        resources.built("/ar/")


def test_bodies_compressed_before_are_reused_for_the_same_content() -> None:
    former = Resources({"/sv/": lambda: resource(WORDS, HTML), "/en/": lambda: resource("x", HTML)})
    compressed = former.built("/sv/").bodies
    former.built("/en/")
    reusable = former.compressed()
    assert reusable == {PAGE.etag: compressed}
    later = Resources(
        {"/sv/": lambda: resource(WORDS + "!", HTML), "/ar/": lambda: resource(WORDS, HTML)},
        reusable,
    )
    assert not later.built("/sv/").is_compressed
    assert later.built("/ar/").bodies is compressed
    assert reusable == {}
