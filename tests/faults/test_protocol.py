"""Clients that are slow, silent or malicious are disconnected, below the application."""

import asyncio
from contextlib import suppress

import pytest

from portal.web import protocol
from portal.web.headers import SECURITY, header_lines
from tests.conftest import Running

HOST = b"Host: 127.0.0.1\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"


async def talk(portal: Running, *pieces: bytes, pause: float = 0) -> bytes:
    """Send pieces to the portal, and return what it sends until it closes the connection."""
    port = int(portal.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received = bytearray()

    async def listen() -> None:
        while piece := await reader.read(65536):
            received.extend(piece)

    listening = asyncio.create_task(listen())
    with suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        await asyncio.wait_for(listening, 10)
    listening.cancel()
    writer.close()
    return bytes(received)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "PATIENCE", 0.3)
    monkeypatch.setattr(protocol, "LIFETIME", 1.0)


@pytest.mark.parametrize(
    "pieces",
    [
        [b"GET /sv/ HTTP/1.1\r\n", HOST],
        [bytes([byte]) for byte in b"GET /sv/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: y"],
        [b"POST /sv/kontakt HTTP/1.1\r\nContent-Length: 9\r\n" + HOST + FORM, b"mess"],
    ],
)
async def test_a_request_that_never_ends_times_out(
    portal: Running, impatient: None, pieces: list[bytes]
) -> None:
    response = await talk(portal, *pieces, pause=0.02)
    assert response.startswith(b"HTTP/1.1 408")


async def test_a_silent_connection_times_out(portal: Running, impatient: None) -> None:
    assert (await talk(portal)).startswith(b"HTTP/1.1 408")


async def test_a_connection_has_a_limited_lifetime(portal: Running, impatient: None) -> None:
    request = b"GET /robots.txt HTTP/1.1\r\n" + HOST + b"\r\n"
    responses = await talk(portal, *[request] * 8, pause=0.2)
    assert 3 <= responses.count(b"HTTP/1.1 200") < 8


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /sv/ HTTP/1.1\r\nX: " + b"y" * 200_000, b"431"),
        (
            b"POST /sv/kontakt HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            b"400",
        ),
        (b"POST /sv/kontakt HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
)
async def test_malformed_requests_are_refused_and_the_connection_closed(
    portal: Running, request_bytes: bytes, status: bytes
) -> None:
    response = await talk(portal, request_bytes + HOST + b"\r\n0\r\n\r\nGET /sv/ HTTP/1.1\r\n\r\n")
    assert response.startswith(b"HTTP/1.1 " + status)
    assert response.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    ("request_bytes", "tag"),
    [
        (b"GET /ar/omr\xc3\xa5den HTTP/1.1\r\n" + HOST + b"\r\n", b"ar"),
        (b"GET /en/?q=\xe5 HTTP/1.1\r\n" + HOST + b"\r\n", b"en"),
        (b"GET /\xe5 HTTP/1.1\r\n" + HOST + b"Accept-Language: ar\r\n\r\n", b"ar"),
        (b"POST /en/kontakt HTTP/1.1\r\nHost: a\r\n" + HOST + b"\r\n", b"en"),
        (b"CONNECT /ar/ HTTP/1.1\r\n" + HOST + b"\r\n", b"ar"),
        (b"nonsense\r\n\r\n", b"sv"),
    ],
)
async def test_a_malformed_request_gets_a_page_of_the_portal(
    portal: Running, request_bytes: bytes, tag: bytes
) -> None:
    answer = await talk(portal, request_bytes)
    assert answer.startswith(b"HTTP/1.1 400")
    assert header_lines(SECURITY) in answer
    assert b'lang="%s"' % tag in answer
    assert b"031-365 09 60" in answer


async def test_whoever_has_sent_a_message_and_only_listens_gets_the_receipt(
    portal: Running,
) -> None:
    port = int(portal.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    length = b"Content-Length: 11\r\n"
    writer.write(b"POST /ar/kontakt HTTP/1.1\r\n" + HOST + length + FORM + b"message=hej")
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 303")
    assert b"location: /ar/arende/" in answer


async def test_a_body_without_a_length_is_bounded_too(portal: Running, impatient: None) -> None:
    head = b"POST /ar/kontakt HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + HOST
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    answer = await talk(portal, head + FORM, *[chunk] * 40)
    assert answer.startswith(b"HTTP/1.1 413")
    assert answer.count(b"HTTP/1.1 ") == 1


async def test_pipelined_requests_are_answered_in_order(portal: Running) -> None:
    paths = (b"/sv/", b"/ar/saknas", b"/robots.txt")
    last = [b"", b"", b"Connection: close\r\n"]
    pairs = zip(paths, last, strict=True)
    requests = (b"GET %s HTTP/1.1\r\n%s%s\r\n" % (path, HOST, end) for path, end in pairs)
    response = await talk(portal, b"".join(requests))
    order = [response.index(mark) for mark in (b'lang="sv"', b'lang="ar"', b"User-agent")]
    assert order == sorted(order)
