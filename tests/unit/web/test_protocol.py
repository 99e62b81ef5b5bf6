"""The fast path writes ready responses at once, and leaves all else to the application."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from portal.web.fast_path import FastPathProtocol
from portal.web.headers import Headers
from portal.web.resources import Representation

REQUEST = b"GET /sv/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
READY = Representation(200, [(b"content-length", b"5")], b"ready")


class RecordingTransport(asyncio.Transport):
    """A transport that records what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False
        self.unread = 0

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    abort = close

    def pause_reading(self) -> None:
        pass

    resume_reading = pause_reading

    def get_write_buffer_size(self) -> int:
        return self.unread

    def is_closing(self) -> bool:
        return self.closed


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """An application whose every response says that it came from there."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"from the application"})


def ready(target: bytes, headers: Headers) -> Representation | None:
    return READY if target == b"/sv/" else None


Connection = tuple[FastPathProtocol, RecordingTransport]


def connect(**options: Any) -> Connection:
    """A protocol and the transport that it is connected to."""
    config = uvicorn.Config(app, log_config=None, **{"access_log": False, **options})
    protocol = FastPathProtocol(config, ServerState(), {"ready": ready})
    transport = RecordingTransport()
    protocol.connection_made(transport)
    return protocol, transport


async def finish(protocol: FastPathProtocol) -> None:
    await asyncio.gather(*protocol.tasks)


@pytest.fixture
async def connection() -> AsyncIterator[Connection]:
    protocol, transport = connect()
    yield protocol, transport
    protocol.connection_lost(None)


async def test_a_ready_response_needs_no_task_and_is_counted(connection: Connection) -> None:
    protocol, transport = connection
    protocol.data_received(REQUEST * 2)
    assert transport.written == b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nready" * 2
    assert protocol.server_state.total_requests == 2
    assert not protocol.tasks


async def test_a_response_that_is_not_ready_comes_from_the_application(
    connection: Connection,
) -> None:
    protocol, transport = connection
    protocol.data_received(REQUEST.replace(b"/sv/", b"/ar/"))
    await finish(protocol)
    assert transport.written.endswith(b"from the application\r\n0\r\n\r\n")


async def test_pipelined_requests_are_answered_in_order(connection: Connection) -> None:
    protocol, transport = connection
    protocol.data_received(REQUEST + REQUEST.replace(b"/sv/", b"/ar/") + REQUEST)
    while protocol.tasks:
        await finish(protocol)
    assert transport.written.count(b"ready") == 1
    assert transport.written.count(b"from the application") == 2
    protocol.data_received(REQUEST)
    assert transport.written.endswith(b"ready")


async def test_a_client_that_does_not_read_is_left_to_the_application(
    connection: Connection,
) -> None:
    protocol, transport = connection
    protocol.pause_writing()
    protocol.data_received(REQUEST)
    assert transport.written == b""
    protocol.resume_writing()
    await finish(protocol)
    assert b"from the application" in transport.written


async def test_the_limit_on_connections_holds_for_the_fast_path_too() -> None:
    protocol, transport = connect(limit_concurrency=1)
    protocol.data_received(REQUEST)
    await finish(protocol)
    assert transport.written.startswith(b"HTTP/1.1 503")
    protocol.connection_lost(None)


async def test_with_an_access_log_every_request_goes_to_the_application() -> None:
    protocol, transport = connect(access_log=True)
    protocol.data_received(REQUEST)
    await finish(protocol)
    assert b"from the application" in transport.written
    protocol.connection_lost(None)


async def test_an_idle_connection_is_closed() -> None:
    protocol, transport = connect(timeout_keep_alive=0.05)
    for _ in range(3):
        protocol.data_received(REQUEST)
        await asyncio.sleep(0.03)
    assert not transport.closed
    await asyncio.sleep(0.1)
    assert transport.closed
    protocol.connection_lost(None)


async def test_a_connection_with_unread_data_is_not_closed() -> None:
    protocol, transport = connect(timeout_keep_alive=0.05)
    transport.unread = 1
    protocol.data_received(REQUEST)
    await asyncio.sleep(0.15)
    assert not transport.closed
    transport.unread = 0
    await asyncio.sleep(0.15)
    assert transport.closed
    protocol.connection_lost(None)


async def test_nothing_is_read_after_the_last_response(connection: Connection) -> None:
    protocol, transport = connection
    last = REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    protocol.data_received(last + REQUEST.replace(b"GET", b"POST"))
    protocol.data_received(REQUEST)
    assert transport.closed
    assert not protocol.tasks
    assert transport.written.count(b"HTTP/1.1 ") == 1
