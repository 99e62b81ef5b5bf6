"""What is ready is written at once; whatever is odd goes through the application."""

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


class Wire(asyncio.Transport):
    """A transport that remembers what was written."""

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


async def through(scope: Scope, receive: Receive, send: Send) -> None:
    """The application."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"through"})


def ready(target: bytes, headers: Headers) -> Representation | None:
    return READY if target == b"/sv/" else None


Connection = tuple[FastPathProtocol, Wire]


def connect(**given: Any) -> Connection:
    """A connection with a wire of its own."""
    config = uvicorn.Config(through, log_config=None, **{"access_log": False, **given})
    one = FastPathProtocol(config, ServerState(), {"ready": ready})
    wire = Wire()
    one.connection_made(wire)
    return one, wire


async def answered(one: FastPathProtocol) -> None:
    await asyncio.gather(*one.tasks)


@pytest.fixture
async def connection() -> AsyncIterator[Connection]:
    one, wire = connect()
    yield one, wire
    one.connection_lost(None)


async def test_what_is_ready_needs_no_task_and_is_counted(connection: Connection) -> None:
    one, wire = connection
    one.data_received(REQUEST * 2)
    assert wire.written == b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nready" * 2
    assert one.server_state.total_requests == 2
    assert not one.tasks


async def test_what_is_not_ready_goes_through(connection: Connection) -> None:
    one, wire = connection
    one.data_received(REQUEST.replace(b"/sv/", b"/ar/"))
    await answered(one)
    assert wire.written.endswith(b"through\r\n0\r\n\r\n")


async def test_nobody_is_answered_before_who_came_earlier(connection: Connection) -> None:
    one, wire = connection
    one.data_received(REQUEST + REQUEST.replace(b"/sv/", b"/ar/") + REQUEST)
    while one.tasks:
        await answered(one)
    assert wire.written.count(b"ready") == 1
    assert wire.written.count(b"through") == 2
    one.data_received(REQUEST)
    assert wire.written.endswith(b"ready")


async def test_who_does_not_read_waits_in_the_application(connection: Connection) -> None:
    one, wire = connection
    one.pause_writing()
    one.data_received(REQUEST)
    assert wire.written == b""
    one.resume_writing()
    await answered(one)
    assert b"through" in wire.written


async def test_a_full_house_is_full_for_all() -> None:
    one, wire = connect(limit_concurrency=1)
    one.data_received(REQUEST)
    await answered(one)
    assert wire.written.startswith(b"HTTP/1.1 503")
    one.connection_lost(None)


async def test_an_access_log_stays_complete() -> None:
    one, wire = connect(access_log=True)
    one.data_received(REQUEST)
    await answered(one)
    assert b"through" in wire.written
    one.connection_lost(None)


async def test_a_reader_who_has_gone_quiet_is_let_go() -> None:
    one, wire = connect(timeout_keep_alive=0.05)
    for _ in range(3):
        one.data_received(REQUEST)
        await asyncio.sleep(0.03)
    assert not wire.closed
    await asyncio.sleep(0.1)
    assert wire.closed
    one.connection_lost(None)


async def test_who_still_reads_is_not_hung_up_on() -> None:
    one, wire = connect(timeout_keep_alive=0.05)
    wire.unread = 1
    one.data_received(REQUEST)
    await asyncio.sleep(0.15)
    assert not wire.closed
    wire.unread = 0
    await asyncio.sleep(0.15)
    assert wire.closed
    one.connection_lost(None)


async def test_after_the_last_answer_nothing_is_read(connection: Connection) -> None:
    one, wire = connection
    last = REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    one.data_received(last + REQUEST.replace(b"GET", b"POST"))
    one.data_received(REQUEST)
    assert wire.closed
    assert not one.tasks
    assert wire.written.count(b"HTTP/1.1 ") == 1
