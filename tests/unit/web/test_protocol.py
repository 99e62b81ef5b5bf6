"""Whatever is slow, too large or malformed ends, with an error page and in its turn."""

import ast
import inspect
from collections.abc import AsyncIterator
from contextlib import suppress
from operator import attrgetter

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from portal.web import fast_path, protocol
from portal.web.fast_path import FastPathProtocol
from portal.web.headers import SECURITY, Headers
from portal.web.protocol import HEADER_BYTES, LIFETIME, LINGER, PATIENCE, BoundedProtocol
from portal.web.resources import Representation
from tests.unit.web.connections import Connection

GET = b"GET /sv/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /ar/kontakt HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
TWO_LENGTHS = POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n"


def error(status: int, target: bytes, headers: Headers) -> Representation:
    """What the application announces: a page that repeats what it is made for."""
    language = dict(headers).get(b"accept-language", b"")
    body = b"%d %s %s" % (status, target, language)
    return Representation(status, [(b"content-length", str(len(body)).encode())], body)


@pytest.fixture(params=[BoundedProtocol, FastPathProtocol])
async def connection(request: pytest.FixtureRequest) -> AsyncIterator[Connection]:
    connection = Connection(request.param, {"error": error})
    yield connection
    await connection.end()


@pytest.mark.parametrize(
    ("arrived", "target"),
    [
        (b"", ""),
        (b"GET /ar/om", "/ar/om"),
        (b"GET /ar/ HTTP/1.1\r\nHost: localh", "/ar/"),
        (POST + b"Content-Length: 9\r\n\r\nmess", "/ar/kontakt"),
        (CHUNKED + b"4\r\nmess\r\n", "/ar/kontakt"),
    ],
)
async def test_a_request_that_does_not_arrive_in_time_is_refused(
    connection: Connection, arrived: bytes, target: str
) -> None:
    await connection.send(*(bytes([byte]) for byte in arrived))
    connection.clock.advance(PATIENCE - 1)
    assert connection.wire.written == b""
    connection.clock.advance(1)
    await connection.settle()
    assert connection.wire.statuses == [408]
    assert connection.wire.written.endswith(f"408 {target} ".encode())
    assert connection.application.requests == []


async def test_an_application_that_responds_after_a_refusal_writes_nothing(
    connection: Connection,
) -> None:
    connection.application.heeds_disconnects = False
    await connection.send(CHUNKED + b"4\r\nmess\r\n")
    connection.clock.advance(PATIENCE)
    await connection.settle()
    assert connection.application.requests == [("/ar/kontakt", b"mess")]
    assert connection.wire.statuses == [408]


async def test_each_request_has_all_of_the_time(connection: Connection) -> None:
    half = len(GET) // 2
    for _ in range(5):
        await connection.send(GET[:half])
        connection.clock.advance(PATIENCE - 1)
        await connection.send(GET[half:])
    assert connection.wire.statuses == [200] * 5


async def test_a_connection_does_not_live_for_ever(connection: Connection) -> None:
    for _ in range(int(LIFETIME) // 4):
        assert not connection.wire.closed
        await connection.send(GET)
        connection.clock.advance(4)
    assert connection.wire.closed


async def test_a_connection_that_is_too_old_gets_the_response_in_progress(
    connection: Connection,
) -> None:
    connection.application.may_respond.clear()
    await connection.send(GET)
    connection.clock.advance(LIFETIME + PATIENCE - 1)
    assert not connection.wire.closed
    connection.application.may_respond.set()
    await connection.settle()
    assert connection.wire.statuses == [200]
    assert connection.wire.closed


@pytest.mark.parametrize("kind", [BoundedProtocol, FastPathProtocol])
async def test_a_connection_to_a_server_that_stops_ends_with_the_next_response(
    kind: type[HttpToolsProtocol],
) -> None:
    stopping: list[bool] = []
    connection = Connection(kind, {"is_stopping": lambda: bool(stopping)})
    assert b"connection: close" not in await connection.send(GET)
    stopping.append(True)
    assert not connection.wire.closed
    assert b"connection: close" in await connection.send(GET)
    assert connection.wire.statuses == [200, 200]
    assert connection.wire.closed
    await connection.end()


async def test_a_reader_who_does_not_read_is_cut_off(connection: Connection) -> None:
    connection.application.may_respond.clear()
    await connection.send(GET)
    connection.protocol.pause_writing()
    connection.clock.advance(PATIENCE - 1)
    connection.protocol.resume_writing()
    connection.protocol.pause_writing()
    connection.clock.advance(PATIENCE - 1)
    assert not connection.wire.closed
    connection.clock.advance(1)
    assert connection.wire.closed


@pytest.mark.parametrize(
    ("malformed", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /\xe5 HTTP/1.1\r\n\r\n", 400),
        (TWO_LENGTHS, 400),
        (CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n"), 400),
        (CHUNKED + b"no length\r\n", 400),
        (b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n", 400),
        (b"GET /ar/ HTTP/1.1\r\nCookie: a", 431),
    ],
)
async def test_a_malformed_request_is_refused_and_ends_the_connection(
    connection: Connection, malformed: bytes, status: int
) -> None:
    pieces = [b"x" * HEADER_BYTES, b"x"] if status == 431 else []
    await connection.send(malformed, *pieces, GET, CHUNKED)
    assert connection.wire.statuses == [status]
    assert connection.wire.ended
    connection.clock.advance(LINGER)
    assert connection.wire.closed
    assert [path for path, _ in connection.application.requests] == []


async def test_what_is_malformed_after_a_response_is_refused_too(connection: Connection) -> None:
    await connection.send(GET, b"\0\r\n")
    assert connection.wire.statuses == [200, 400]


@pytest.mark.parametrize("name", ["Host", "Origin", "Sec-Fetch-Site", "Content-Type"])
async def test_a_header_that_decides_stands_once(connection: Connection, name: str) -> None:
    line = f"\r\n{name}: localhost".encode()
    twice = GET.replace(b"\r\n\r\n", line * (1 if name == "Host" else 2) + b"\r\n\r\n")
    await connection.send(twice, GET)
    assert connection.wire.statuses == [400]
    assert connection.application.requests == []


@pytest.mark.parametrize(
    "malformed", [b"nonsense\r\n\r\n", TWO_LENGTHS, CHUNKED + b"no length\r\n"]
)
async def test_a_refusal_waits_for_the_responses_to_earlier_requests(
    connection: Connection, malformed: bytes
) -> None:
    connection.application.may_respond.clear()
    await connection.send(GET * 2 + malformed)
    assert connection.wire.written == b""
    assert connection.protocol.eof_received()  # type: ignore[func-returns-value]
    connection.application.may_respond.set()
    await connection.settle()
    assert connection.wire.statuses == [200, 200, 400]
    assert connection.wire.ended


async def test_a_request_that_has_its_response_gets_no_refusal(connection: Connection) -> None:
    connection.application.reads_first = False
    await connection.send(CHUNKED)
    connection.clock.advance(PATIENCE)
    assert connection.wire.statuses == [200]
    assert connection.wire.closed


async def test_many_requests_in_one_piece_are_not_one_long_header(connection: Connection) -> None:
    posted = POST + b"Content-Length: %d\r\n\r\n" % HEADER_BYTES + b"x" * HEADER_BYTES
    await connection.send((GET + posted) * 2 + GET[:9], GET[9:])
    assert connection.wire.statuses == [200] * 5


OFFER = b"Connection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n"
BODY = b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize("size", [len(BODY), 300_000])
@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("chunked", [False, True])
async def test_the_body_behind_an_offer_to_upgrade_is_a_body(
    connection: Connection, size: int, pieces: int, chunked: bool
) -> None:
    body = BODY.ljust(size, b"x")
    if chunked:
        head, sent = b"Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (size, body)
    else:
        head, sent = b"Content-Length: %d" % size, body
    request = POST + OFFER + head + b"\r\n\r\n"
    await connection.send(*([request + sent] if pieces == 1 else [request, sent]))
    assert connection.wire.statuses == [200]
    assert connection.application.requests == [("/ar/kontakt", body)]


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
async def test_a_page_asked_for_with_an_offer_to_upgrade_is_sent(
    connection: Connection, version: bytes
) -> None:
    request = GET.replace(b"1.1", version).replace(b"\r\n\r\n", b"\r\n" + OFFER + b"\r\n")
    written = await connection.send(request)
    assert connection.wire.statuses == [200]
    assert connection.application.requests == [("/sv/", b"")]
    assert connection.wire.closed == (version == b"1.0") == (b"connection: close" in written)


async def test_an_offer_to_upgrade_hides_no_header(connection: Connection) -> None:
    request = POST + OFFER + b"Origin:\r\nOrigin:\r\n\r\n"
    await connection.send(request)
    assert connection.wire.statuses == [400]


async def test_whoever_has_sent_everything_and_listens_gets_the_response(
    connection: Connection,
) -> None:
    connection.application.may_respond.clear()
    await connection.send(POST + b"Content-Length: 2\r\n\r\nab")
    assert connection.protocol.eof_received()  # type: ignore[func-returns-value]
    connection.application.may_respond.set()
    await connection.settle()
    assert connection.wire.statuses == [200]
    assert connection.wire.closed


@pytest.mark.parametrize("arrived", [b"", POST + b"Content-Length: 3\r\n\r\nab"])
async def test_whoever_leaves_in_the_middle_of_a_request_gets_none(
    connection: Connection, arrived: bytes
) -> None:
    await connection.send(arrived)
    assert not connection.protocol.eof_received()  # type: ignore[func-returns-value]


async def test_a_full_server_refuses_and_ends_the_connection() -> None:
    connection = Connection(BoundedProtocol, {"error": error}, limit_concurrency=1)
    await connection.send(b"GET /ar/?x=1 HTTP/1.1\r\nAccept-Language: ar\r\n\r\n")
    assert connection.wire.statuses == [503]
    assert connection.wire.written.endswith(b"\r\nconnection: close\r\n\r\n503 /ar/?x=1 ar")
    assert connection.application.requests == []
    await connection.end()


async def test_a_refused_head_has_no_body(connection: Connection) -> None:
    await connection.send(TWO_LENGTHS.replace(b"POST", b"HEAD"))
    assert connection.wire.statuses == [400]
    assert connection.wire.written.endswith(b"\r\nconnection: close\r\n\r\n")


async def test_an_application_without_error_pages_is_served_all_the_same() -> None:
    connection = Connection(BoundedProtocol)
    written = await connection.send(GET + TWO_LENGTHS)
    assert connection.wire.statuses == [200, 400]
    assert written.endswith(b"\r\nconnection: close\r\n\r\n")
    assert all(b"%s: %s\r\n" % header in written for header in SECURITY)
    await connection.end()


PARTS = {
    "__init__",
    *("connection_made", "connection_lost", "data_received", "eof_received"),
    *("on_message_begin", "on_header", "on_headers_complete", "on_body", "on_message_complete"),
    *("on_response_complete", "timeout_keep_alive_handler", "pause_writing", "resume_writing"),
    *("_unset_keepalive_if_required", "timeout_keep_alive", "limit_concurrency"),
    *("app_state.get", "config.access_log", "connections", "tasks", "expect_100_continue"),
    "client",
    *("server_state.default_headers", "server_state.total_requests"),
    *("loop.call_later", "transport.write", "transport.write_eof", "transport.can_write_eof"),
    *("transport.close", "transport.abort", "transport.is_closing"),
    *("transport.get_write_buffer_size", "flow.write_paused", "pipeline.popleft"),
    *("url", "headers.append", "scope", "cycle.scope", "cycle.keep_alive", "cycle.disconnected"),
    *("cycle.message_event.set", "cycle.response_started", "cycle.response_complete"),
    *("parser.feed_data", "parser.get_method", "parser.get_http_version"),
    *("parser.should_upgrade", "parser.should_keep_alive"),
}
"""What our protocols use of uvicorn's and of its parser: no documented interface."""


async def test_the_parts_of_uvicorn_that_are_used_are_named_and_there() -> None:
    plain = Connection(HttpToolsProtocol)
    await plain.send(GET)
    there = set()
    for name in names_used(inspect.getsource(protocol) + inspect.getsource(fast_path)):
        with suppress(AttributeError):
            attrgetter(name)(plain.protocol)
            there.add(name)
    assert {name for name in there if not any(n.startswith(f"{name}.") for n in there)} == PARTS
    await plain.end()


def names_used(source: str) -> set[str]:
    """The dotted names below ``self`` and ``super()``, and the methods that are overridden."""
    nodes = [*ast.walk(ast.parse(source))]
    dotted = [ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)]
    return {
        name.removeprefix("super().").removeprefix("self.")
        for name in dotted
        if name.startswith(("self.", "super()."))
    } | {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
