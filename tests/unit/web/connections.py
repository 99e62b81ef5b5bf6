"""A connection without a network: a transport that remembers, and a clock that the test moves."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState


class Wire(asyncio.Transport):
    """A transport that remembers what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.ended = False
        """Whether the other side has heard that no more will be written."""
        self.closed = False
        self.unread = 0
        """Bytes that the other side has not read yet."""

    def write(self, data: Any) -> None:
        assert not self.ended
        self.written += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return self.unread

    def pause_reading(self) -> None:
        """The test decides when bytes arrive."""

    resume_reading = pause_reading

    @property
    def statuses(self) -> list[int]:
        """The statuses of all responses, in order."""
        return [int(part[:3]) for part in self.written.split(b"HTTP/1.1 ")[1:]]


class Timer:
    """A call at a time of a clock."""

    def __init__(self, due: float, call: Callable[[], object]) -> None:
        self.due, self.call = due, call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Clock:
    """In the place of an event loop: time passes when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def call_later(self, seconds: float, call: Callable[..., object], *values: object) -> Timer:
        self.timers.append(Timer(self.now + seconds, lambda: call(*values)))
        return self.timers[-1]

    def create_task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(work)

    def advance(self, seconds: float) -> None:
        """Let time pass, and do what falls due in it."""
        end = self.now + seconds
        while due := [t for t in self.timers if not t.cancelled and t.due <= end]:
            timer = min(due, key=lambda timer: timer.due)
            self.timers.remove(timer)
            self.now = timer.due
            timer.call()
        self.now = end


class Application:
    """What is behind a connection: it responds to a complete request, when the test lets it."""

    def __init__(self) -> None:
        self.may_respond = asyncio.Event()
        self.may_respond.set()
        self.reads_first = True
        self.heeds_disconnects = True
        self.requests: list[tuple[str, bytes]] = []
        """The path and the body of each."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", self.reads_first
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                if self.heeds_disconnects:
                    return
                break
            body += message["body"]
            more = message["more_body"]
        self.requests.append((scope["path"], body))
        await self.may_respond.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"from the application"})


class Connection:
    """A protocol with its wire, its clock and the application behind it."""

    def __init__(
        self, kind: type[HttpToolsProtocol], state: dict[str, Any] | None = None, **config: Any
    ) -> None:
        self.application, self.wire, self.clock = Application(), Wire(), Clock()
        options = {"access_log": False, **config}
        settings = uvicorn.Config(self.application, log_config=None, **options)
        self.protocol = kind(settings, ServerState(), state or {}, self.clock)  # type: ignore[arg-type]
        self.protocol.connection_made(self.wire)

    async def send(self, *pieces: bytes) -> bytes:
        """Let bytes arrive; return what has been written when nothing moves any more."""
        for piece in pieces:
            self.protocol.data_received(piece)
            await self.settle()
        return self.wire.written

    async def settle(self) -> None:
        """Let the application go on until it waits or is done."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def end(self) -> None:
        """Lose the connection, and let the application end."""
        self.application.may_respond.set()
        self.protocol.connection_lost(None)
        await asyncio.gather(*self.protocol.tasks)
