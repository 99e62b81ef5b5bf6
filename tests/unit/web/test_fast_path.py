"""What is ready is written at once; every other request goes to the application."""

from collections.abc import AsyncIterator

import pytest

from portal.web.fast_path import FastPathProtocol
from portal.web.headers import Headers
from portal.web.protocol import BoundedProtocol
from portal.web.resources import Representation
from tests.unit.web.connections import Connection

READY = b"GET /sv/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
OTHER = READY.replace(b"/sv/", b"/ar/")
RESPONSE = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nready"
KEEP_ALIVE = 5
"""Seconds that uvicorn keeps a connection on which nothing happens."""


def ready(target: bytes, headers: Headers) -> Representation | None:
    """What the application announces: one page."""
    if target == b"/sv/":
        return Representation(200, [(b"content-length", b"5")], b"ready")
    return None


@pytest.fixture
async def connection() -> AsyncIterator[Connection]:
    connection = Connection(FastPathProtocol, {"ready": ready}, timeout_keep_alive=KEEP_ALIVE)
    yield connection
    await connection.end()


def paths(connection: Connection) -> list[str]:
    """The paths that the application was asked for."""
    return [path for path, _ in connection.application.requests]


async def test_what_is_ready_is_written_without_a_task_and_counted(connection: Connection) -> None:
    connection.protocol.data_received(READY * 2)
    assert connection.wire.written == RESPONSE * 2
    assert connection.protocol.server_state.total_requests == 2
    assert not connection.protocol.tasks


async def test_head_gets_the_header_alone(connection: Connection) -> None:
    connection.protocol.data_received(READY.replace(b"GET", b"HEAD"))
    assert connection.wire.written == RESPONSE.removesuffix(b"ready")


async def test_what_is_not_ready_goes_to_the_application(connection: Connection) -> None:
    await connection.send(OTHER, READY.replace(b"GET", b"POST"))
    assert paths(connection) == ["/ar/", "/sv/"]


@pytest.mark.parametrize(
    ("kind", "options"), [(BoundedProtocol, {}), (FastPathProtocol, {"access_log": True})]
)
async def test_the_application_is_asked_for_everything(
    kind: type[BoundedProtocol], options: dict[str, bool]
) -> None:
    connection = Connection(kind, {"ready": ready}, **options)
    await connection.send(READY)
    assert paths(connection) == ["/sv/"]
    await connection.end()


async def test_a_body_that_is_to_come_is_asked_for(connection: Connection) -> None:
    post = b"POST /ar/ HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert await connection.send(post) == b"HTTP/1.1 100 Continue\r\n\r\n"
    await connection.send(b"ab")
    assert connection.application.requests == [("/ar/", b"ab")]


async def test_responses_are_written_in_the_order_of_the_requests(connection: Connection) -> None:
    written = await connection.send(READY + OTHER + READY)
    assert written.count(b"ready") == 1
    assert paths(connection) == ["/ar/", "/sv/"]
    assert (await connection.send(READY)).endswith(RESPONSE)


async def test_nothing_is_written_to_a_reader_who_does_not_read(connection: Connection) -> None:
    connection.protocol.pause_writing()
    assert await connection.send(READY) == b""
    connection.protocol.resume_writing()
    await connection.settle()
    assert paths(connection) == ["/sv/"]


async def test_a_full_server_is_full_for_ready_pages_too() -> None:
    connection = Connection(FastPathProtocol, {"ready": ready}, limit_concurrency=1)
    await connection.send(READY)
    assert connection.wire.statuses == [503]
    await connection.end()


async def test_a_connection_on_which_nothing_happens_is_closed(connection: Connection) -> None:
    for _ in range(3):
        connection.protocol.data_received(READY)
        connection.clock.advance(KEEP_ALIVE - 1)
    assert not connection.wire.closed
    connection.clock.advance(2 * KEEP_ALIVE)
    assert connection.wire.closed


async def test_a_connection_that_waits_for_a_response_is_not_idle(connection: Connection) -> None:
    connection.application.may_respond.clear()
    await connection.send(READY, OTHER)
    connection.clock.advance(3 * KEEP_ALIVE)
    assert not connection.wire.closed


async def test_a_connection_is_idle_only_from_its_last_response_on(connection: Connection) -> None:
    connection.protocol.data_received(READY)
    connection.clock.advance(KEEP_ALIVE - 1)
    connection.protocol.data_received(READY[:9])
    connection.clock.advance(KEEP_ALIVE - 1)
    connection.protocol.data_received(READY[9:])
    connection.clock.advance(KEEP_ALIVE - 1)
    assert not connection.wire.closed
    connection.clock.advance(2 * KEEP_ALIVE)
    assert connection.wire.closed


async def test_a_reader_who_still_reads_is_not_cut_off(connection: Connection) -> None:
    connection.wire.unread = 1
    connection.protocol.data_received(READY)
    connection.clock.advance(3 * KEEP_ALIVE)
    assert not connection.wire.closed
    connection.wire.unread = 0
    connection.clock.advance(3 * KEEP_ALIVE)
    assert connection.wire.closed


@pytest.mark.parametrize(
    "last",
    [
        READY.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        b"GET /sv/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    ],
)
async def test_after_the_last_response_nothing_is_read(connection: Connection, last: bytes) -> None:
    connection.protocol.data_received(last + OTHER)
    connection.protocol.data_received(READY)
    await connection.settle()
    assert connection.wire.closed
    assert connection.wire.written.endswith(b"\r\nconnection: close\r\n\r\nready")
    assert connection.wire.statuses == [200]
    assert connection.application.requests == []
