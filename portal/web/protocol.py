"""Deadlines and ceilings below the application, and answers that do not need it.

uvicorn waits for ever for a request that comes a byte at a time, and its parser
knows no limit for header lines. What arrives too slowly or too large is cut off
here, before it costs anything, and so is a reader that does not read, and a
request whose length is given in two ways (RFC 9112, 6.3: a way to smuggle a
second request past a proxy).

What the application has ready (``Guard.ready``) is written at once, without a task
or a scope. Whatever is out of the ordinary goes the usual way through uvicorn:
earlier requests still being answered, a reader who does not read, an access log.
"""

import asyncio
import sys
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from portal.web.guard import HEADER_LIMIT, Ready
from portal.web.resources import Headers, Representation, lines

PATIENCE = 20.0
"""Seconds for a whole request to arrive, and for an answer to be read."""
LIFETIME = 300.0
"""Seconds that a connection lives; a browser opens a new one without anybody noticing."""
LINGER = 2.0
"""Seconds that a closing connection may take to send what is left."""
HEADER_BYTES = 32 * 1024
"""Bytes that may arrive before the header lines are complete."""

_CLOSE, _END = b"connection: close\r\n\r\n", b"\r\n"
_READING = frozenset({b"GET", b"HEAD"})
_LENGTHS = (b"content-length", b"transfer-encoding")
_REFUSAL = b"HTTP/1.1 %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with an end to its patience."""

    _arriving: asyncio.TimerHandle | None = None
    _leaving: asyncio.TimerHandle | None = None
    _idling: asyncio.TimerHandle | None = None
    _life: asyncio.TimerHandle | None = None
    _dated: tuple[Headers, bytes] = [], b""
    _quiet = False
    """Whether nothing was heard since somebody last looked."""
    _in_header = _in_request = False
    _header_bytes = 0
    """That have come since a piece ended outside a header: at least those of the header."""
    _answered = False
    """Whether the present request needs no application."""
    _ended = False
    """Whether nothing more is to be read."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._ready: Ready | None = None if self.config.access_log else self.app_state.get("ready")
        self._limit = self.limit_concurrency or sys.maxsize

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._life = self.loop.call_later(LIFETIME, self._retire)
        self._arriving = self.loop.call_later(PATIENCE, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._arriving, self._leaving, self._idling, self._life):
            if timer:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        self._quiet = False
        self._header_bytes += len(data)
        super().data_received(data)
        if self._in_request and not self._arriving:
            self._arriving = self.loop.call_later(PATIENCE, self._give_up)
        if not self._in_header:
            self._header_bytes = 0
        elif self._header_bytes > HEADER_BYTES:
            self._refuse(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        self.url, self.headers = b"", []
        self._in_header = self._in_request = True
        self._answered = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._in_header = False
        if self._ended:
            return
        if answer := self._ready_answer():
            self._write(answer)
            return
        names = [name for name, _ in self.headers]
        if sum(map(names.count, _LENGTHS)) > 1:
            self._refuse(b"400 Bad Request")
        else:
            self._begin()
            super().on_headers_complete()

    def _begin(self) -> None:
        """What uvicorn does at the first byte: only now is it known that it is needed."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url, self.headers, self.scope["headers"] = url, headers, headers
        self.expect_100_continue = any(
            name == b"expect" and value.lower() == b"100-continue" for name, value in headers
        )

    def on_body(self, body: bytes) -> None:
        if not self._ended:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_request = False
        if self._arriving:
            self._arriving.cancel()
            self._arriving = None
        if not self._ended and not self._answered:
            super().on_message_complete()

    def _ready_answer(self) -> Representation | None:
        """What can be written now: nothing before what earlier requests wait for."""
        if self._ready is None or self.parser.get_method() not in _READING:
            return None
        if self._busy or self.flow.write_paused:
            return None
        if len(self.connections) >= self._limit or len(self.tasks) >= self._limit:
            return None  # uvicorn answers 503
        if self._header_bytes > HEADER_LIMIT:
            return None
        return self._ready(self.url, self.headers)

    @property
    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _write(self, answer: Representation) -> None:
        """Send an answer; all of it is ready but the date, for whoever stays and wants the body."""
        keep_alive = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"
        rest = answer.whole
        if not keep_alive or self.parser.get_method() == b"HEAD":
            body = b"" if self.parser.get_method() == b"HEAD" else answer.body
            rest = answer.lines + (_END if keep_alive else _CLOSE) + body
        self.transport.write(b"".join((STATUS_LINE[answer.status], self._date_lines(), rest)))
        self.server_state.total_requests += 1
        self._answered = True
        if not keep_alive:
            self._ended = True
            self.transport.close()
        elif self._idling is None:
            self._idling = self.loop.call_later(self.timeout_keep_alive, self._look)

    def _date_lines(self) -> bytes:
        """uvicorn's own headers; it makes a new list of them each second."""
        headers = self.server_state.default_headers
        if self._dated[0] is not headers:
            BoundedProtocol._dated = headers, lines(headers)
        return self._dated[1]

    def _look(self) -> None:
        """Close when nothing was heard since the last look.

        One timer that looks again, since a timer for each answer would cost more
        than the answer.
        """
        waits = self._in_request or self._busy or self.transport.get_write_buffer_size()
        if self._quiet and not waits:
            self._close()
        else:
            self._quiet = True
            self._idling = self.loop.call_later(self.timeout_keep_alive, self._look)

    def pause_writing(self) -> None:
        self._leaving = self.loop.call_later(PATIENCE, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        if self._leaving:
            self._leaving.cancel()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    def _give_up(self) -> None:
        self._refuse(b"408 Request Timeout")

    def _retire(self) -> None:
        """End the connection after the answer that is being given, or at once."""
        if self._busy:
            self.cycle.keep_alive = False
            self.loop.call_later(PATIENCE, self.transport.abort)
        else:
            self._close()

    def _refuse(self, status: bytes) -> None:
        """Say why, and read no more; but wait a little, or the reason would never be read.

        A connection that is closed while data is still coming is reset, and what was
        sent last is lost with it (RFC 9112, 9.6).
        """
        self._ended = True
        if self.transport.is_closing():
            return
        if self._in_header or self.cycle is None or not self.cycle.response_started:
            self.transport.write(_REFUSAL % status)
        self.transport.write_eof()
        self.loop.call_later(LINGER, self.transport.abort)

    def _close(self) -> None:
        self.transport.close()
        self.loop.call_later(LINGER, self.transport.abort)
