"""Below the application or through it: the same request gets the same bytes."""

import asyncio
import random
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from portal.web.resources import Resources, resource
from tests.conftest import Running, Serve

CONVERSATIONS = 1000
"""Of one to six requests each, sent both ways."""

TARGETS = (
    *("/sv/", "/ar/kontakt", "/en/omraden/undervisning", "/ar/klagomal?bredvid=sv", "/sv"),
    *("/robots.txt", "/sitemap.xml", "/.well-known/security.txt"),
    # Not on the shelf, or not as it is spelled there.
    *("/", "/sv/saknas", "/sv/?x=1", "/sv/?", "/sv/?bredvid=sv", "//sv/", "/s%76/", "/sv//"),
    *("/sv/#top", "/en/%3Fbredvid=sv", "http://127.0.0.1/sv/", "/%", "/sv/kontakt?kind=praise"),
)
METHODS = ("GET",) * 8 + ("HEAD",) * 4 + ("POST", "PUT", "OPTIONS", "DELETE")
HOSTS = ("127.0.0.1",) * 12 + ("localhost:80", "[::1]:8000", "127.0.0.1:x", "evil.example", "")
ENCODINGS = (
    *(
        "br",
        "gzip",
        "gzip, deflate, br",
        "br;q=0.5, gzip;q=0.9",
        "br;q=0",
        "*",
        "*;q=0",
        "identity",
    ),
    *("BR;Q=0.1", "gzip;q=x", ", ,", "br ; q=0.3 , gzip;q=0.2"),
)
ODD = (
    *("Content-Length: 0", "Expect: 100-continue", "Cookie: a=b", "Range: bytes=0-9"),
    *("Accept-Encoding: gzip", "If-None-Match: *", "Host: localhost", "If-Modified-Since: x"),
    *("Sec-Fetch-Site: cross-site", "X-Forwarded-Host: evil.example", "Connection: keep-alive"),
    "X-Long: " + "y" * 17_000,
    "content-LENGTH: 5\r\n\r\nhello",
    "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0",
)
LAST = (
    *("GET /sv/ HTTP/1.0\r\n\r\n", "GET /sv/ HTTP/1.0\r\nHost: localhost\r\n\r\n"),
    "HEAD /sv/ HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n",
    "GET /sv/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\nConnection: close, upgrade\r\n\r\n",
    *("GET /ar/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",) * 20,
)
CROOKED = (
    *("GET /sv/ HTTP/9.9\r\n\r\n", "get /sv/ HTTP/1.1\r\n\r\n", "GET  /sv/\r\n\r\n", "\r\n\0\r\n"),
    "GET /sv/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
    "GET /sv/ HTTP/1.1\r\nHost: localhost\r\n folded: x\r\n\r\n",
)
"""Each alone and in one piece: it is refused before what came earlier is answered."""


@pytest.fixture(scope="module")
def ways(serve: Serve) -> Iterator[tuple[Running, Running]]:
    """A portal that answers below the application, one that does not, and one edition for both."""
    address = "http://127.0.0.1:8000"
    with (
        serve(PORTAL_BASE_URL=address) as below,
        serve(PORTAL_BASE_URL=address, PORTAL_FAST_PATH="off") as through,
    ):
        through.app.edition = below.app.edition
        yield below, through


def some_tags(dice: random.Random, portal: Running) -> str:
    """Entity tags of sheets and of nothing, strong and weak."""
    pages = [portal.app.edition.resources.built(path) for path in TARGETS[:5]]
    known = [
        dict(representation.headers)[b"etag"].decode()
        for page in pages
        for representation in page.representations.values()
    ]
    choice = dice.choices([*known, *(f"W/{tag}" for tag in known), '"x"', "*", ""], k=3)
    return ", ".join(choice[: dice.randint(1, 3)])


def some_request(dice: random.Random, portal: Running) -> str:
    lines = [f"{dice.choice(METHODS)} {dice.choice(TARGETS)} HTTP/1.1"]
    if host := dice.choice(HOSTS):
        lines.append(f"Host: {host}")
    if dice.random() < 0.7:
        lines.append(f"Accept-Encoding: {dice.choice(ENCODINGS)}")
    if dice.random() < 0.4:
        lines.append(f"If-None-Match: {some_tags(dice, portal)}")
    if dice.random() < 0.3:
        lines.append(dice.choice(ODD))
    return "\r\n".join(lines) + "\r\n\r\n"


def some_pieces(dice: random.Random, portal: Running) -> list[bytes]:
    """A conversation, in one piece or in some; its last request ends it."""
    if dice.random() < 0.05:
        return [dice.choice(CROOKED).encode()]
    requests = [some_request(dice, portal) for _ in range(dice.randint(0, 5))]
    whole = "".join([*requests, dice.choice(LAST)]).encode()
    cuts = sorted(dice.choices(range(len(whole)), k=dice.choice([0, 0, 0, 1, 3])))
    return [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


async def talk(portal: Running, pieces: list[bytes]) -> bytes:
    """All that is answered, but for the time of day."""
    port = int(portal.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(0)
    heard = await asyncio.wait_for(reader.read(-1), 20)
    writer.close()
    return re.sub(rb"\r\ndate: [^\r]+", b"\r\ndate: now", heard)


async def test_a_few_thousand_requests_get_the_same_bytes(ways: tuple[Running, Running]) -> None:
    dice = random.Random(31)
    for _ in range(CONVERSATIONS):
        pieces = some_pieces(dice, ways[0])
        below, through = await asyncio.gather(*(talk(way, pieces) for way in ways))
        assert below == through, pieces


async def test_a_new_edition_is_handed_out_at_once(ways: tuple[Running, Running]) -> None:
    request = [b"GET /sv/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"]
    for way in ways:
        old = way.app.edition
        new = Resources({"/sv/": lambda: resource("new", "text/plain")})
        way.app.edition = replace(old, resources=new)
        assert (await talk(way, request)).endswith(b"\r\n\r\nnew")
        way.app.edition = old
