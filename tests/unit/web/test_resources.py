"""A sheet is one whole answer: in every encoding, with its headers, kept by whoever may keep it."""

import gzip

import brotli
import pytest
from starlette.types import Message, Scope

from portal.web.resources import (
    IMMUTABLE,
    PRIVATE,
    QUICK,
    REVALIDATE,
    SECURITY,
    Headers,
    Resource,
    ResourceResponse,
    Resources,
    preferred_coding,
    resource,
    respond,
    unchanged,
)

HTML = "text/html; charset=utf-8"
WORDS = "Våra förstärkningsområden – مجالات التعزيز. " * 20
PAGE = resource(WORDS, HTML)
NEVER_KEPT = resource(WORDS, HTML, cache=PRIVATE)
TAG = f'"{PAGE.etag}"'.encode()
BR_TAG = f'"{PAGE.etag}-br"'.encode()
GZIP_TAG = f'"{PAGE.etag}-gzip"'.encode()

Representation = tuple[int, dict[bytes, bytes], bytes]


def asked(*headers: tuple[bytes, bytes]) -> Scope:
    return {"type": "http", "method": "GET", "path": "/sv/", "headers": list(headers)}


async def answer(
    one: Resource, *headers: tuple[bytes, bytes], extra: Headers | None = None
) -> Representation:
    """What a reader gets who asks with these headers."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await respond(one, asked(*headers), send, extra)
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
def test_the_encoding_is_the_smallest_of_those_wanted_most(accepted: str, encoding: str) -> None:
    assert preferred_coding(accepted.encode("latin-1")) == encoding


async def test_each_encoding_unpacks_to_the_same_words() -> None:
    unpacked = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}
    assert set(PAGE.bodies) == set(unpacked)
    for encoding, unpack in unpacked.items():
        _, headers, body = await answer(PAGE, (b"accept-encoding", encoding.encode()))
        assert unpack(body).decode() == WORDS == PAGE.text
        assert headers.get(b"content-encoding", b"").decode() == encoding
        assert headers[b"content-length"] == str(len(body)).encode()
        assert not encoding or len(body) < len(WORDS)


def test_the_same_words_are_packed_into_the_same_bytes() -> None:
    assert resource(WORDS, HTML) == resource(WORDS.encode(), HTML) == PAGE
    time_in_gzip = PAGE.bodies["gzip"][1][4:8]
    assert time_in_gzip == bytes(4)


def test_a_quick_sheet_says_the_same() -> None:
    quick = resource(WORDS, HTML, quality=QUICK)
    assert brotli.decompress(quick.bodies["br"][1]).decode() == WORDS
    assert gzip.decompress(quick.bodies["gzip"][1]).decode() == WORDS


@pytest.mark.parametrize(("length", "encodings"), [(0, 1), (199, 1), (200, 3)])
async def test_what_is_small_is_not_packed(length: int, encodings: int) -> None:
    one = resource("x" * length, HTML)
    assert len(one.bodies) == encodings
    _, headers, body = await answer(one, (b"accept-encoding", b"br, gzip"))
    assert (b"content-encoding" in headers) == (encodings > 1)
    assert headers[b"content-length"] == str(len(body)).encode()


@pytest.mark.parametrize("cache", [REVALIDATE, IMMUTABLE, PRIVATE])
def test_every_encoding_carries_the_same_headers(cache: str) -> None:
    one = resource(WORDS, HTML, cache=cache, headers=[("content-language", "sv")])
    for headers, _ in one.bodies.values():
        named = dict(headers)
        assert named[b"content-type"] == HTML.encode()
        assert named[b"cache-control"] == cache.encode()
        assert named[b"vary"] == b"Accept-Encoding"
        assert named[b"content-language"] == b"sv"
        assert set(SECURITY) <= set(headers)


def test_a_header_of_a_sheets_own_stands_in_the_place_of_the_usual_one() -> None:
    one = resource("", HTML, headers=[("referrer-policy", "no-referrer")])
    policies = [value for name, value in one.bodies[""][0] if name == b"referrer-policy"]
    assert policies == [b"no-referrer"]


def test_each_encoding_has_an_entity_tag_of_its_own() -> None:
    tags = {encoding: dict(headers)[b"etag"] for encoding, (headers, _) in PAGE.bodies.items()}
    assert tags == {"br": BR_TAG, "gzip": GZIP_TAG, "": TAG}
    assert resource(WORDS + "!", HTML).etag != PAGE.etag


def test_what_is_private_has_no_entity_tag_and_is_never_unchanged() -> None:
    assert NEVER_KEPT.etag == ""
    assert all(b"etag" not in dict(headers) for headers, _ in NEVER_KEPT.bodies.values())
    assert unchanged(NEVER_KEPT, b"*") is None
    assert unchanged(NEVER_KEPT, b'""') is None


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
def test_a_reader_has_the_sheet_already_by_any_of_its_tags(
    matched: bytes, tag: bytes | None
) -> None:
    assert unchanged(PAGE, matched) == tag


def test_only_a_page_that_was_found_can_be_unchanged() -> None:
    moved = resource("", HTML, status=308)
    assert unchanged(moved, f'"{moved.etag}"'.encode()) is None


async def test_who_has_the_sheet_is_only_told_so() -> None:
    one = resource(WORDS, HTML, headers=[("content-language", "sv")])
    status, headers, body = await answer(
        one, (b"accept-encoding", b"br"), (b"if-none-match", BR_TAG)
    )
    assert (status, body) == (304, b"")
    assert headers[b"etag"] == BR_TAG
    assert headers[b"cache-control"] == REVALIDATE.encode()
    assert headers[b"vary"] == b"Accept-Encoding"
    assert headers[b"content-language"] == b"sv"
    assert not headers.keys() & {b"content-length", b"content-encoding", b"content-type"}


async def test_who_has_another_sheet_gets_the_whole() -> None:
    status, headers, body = await answer(PAGE, (b"if-none-match", b'"other"'))
    assert (status, body.decode()) == (200, WORDS)
    assert headers[b"etag"] == TAG


async def test_an_error_is_never_unchanged() -> None:
    gone = resource(WORDS, HTML, status=404)
    assert (await answer(gone, (b"if-none-match", b"*")))[0] == 404


async def test_further_headers_are_sent_along_and_change_no_sheet() -> None:
    before = resource(WORDS, HTML)
    one = resource(WORDS, HTML)
    _, headers, _ = await answer(one, extra=[(b"allow", b"GET, HEAD")])
    assert headers[b"allow"] == b"GET, HEAD"
    assert one == before


async def test_an_endpoint_can_return_a_sheet() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    response = ResourceResponse(PAGE, [(b"allow", b"GET")])
    await response(asked((b"accept-encoding", b"gzip")), receive, send)
    assert (b"allow", b"GET") in sent[0]["headers"]
    assert gzip.decompress(sent[1]["body"]).decode() == WORDS


def test_a_sheet_is_printed_once_and_not_before_it_is_wanted() -> None:
    printed = []

    def print_one() -> Resource:
        printed.append(True)
        return resource("a page", "text/plain")

    shelf = Resources({"/sv/": print_one, "/en/": print_one})
    assert (len(shelf), list(shelf), "/sv/" in shelf, printed) == (2, ["/sv/", "/en/"], True, [])
    assert shelf.find("/ar/") is None
    assert shelf.find("/sv/") is shelf["/sv/"]
    assert len(printed) == 1
    so_far = shelf.printed
    assert shelf["/en/"] is shelf["/en/"]
    assert (list(so_far), list(shelf.printed)) == (["/sv/"], ["/sv/", "/en/"])
    with pytest.raises(KeyError):
        shelf["/ar/"]


def test_a_new_shelf_takes_over_what_still_has_a_place() -> None:
    kept, gone = resource("kept", "text/plain"), resource("gone", "text/plain")
    shelf = Resources({"/sv/": lambda: gone}, {"/sv/": kept, "/en/": gone})
    assert shelf["/sv/"] is kept
    assert "/en/" not in shelf
