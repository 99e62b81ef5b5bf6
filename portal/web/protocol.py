"""Deadlines and ceilings below the application.

uvicorn waits for ever for a request that comes a byte at a time, and its parser
knows no limit for header lines. What arrives too slowly or too large is cut off
here, before it costs anything, and so is a reader that does not read, and a
request whose length is given in two ways (RFC 9112, 6.3: a way to smuggle a
second request past a proxy).
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

PATIENCE = 20.0
"""Seconds for a whole request to arrive, and for an answer to be read."""
LIFETIME = 300.0
"""Seconds that a connection lives; a browser opens a new one without anybody noticing."""
LINGER = 2.0
"""Seconds that a closing connection may take to send what is left."""
HEADER_BYTES = 32 * 1024
"""Bytes that may arrive before the header lines are complete."""

_REFUSAL = b"HTTP/1.1 %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with an end to its patience."""

    _arriving: asyncio.TimerHandle | None = None
    _leaving: asyncio.TimerHandle | None = None
    _life: asyncio.TimerHandle | None = None
    _in_header = False
    _header_bytes = 0
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._life = self.loop.call_later(LIFETIME, self._retire)
        self._arriving = self.loop.call_later(PATIENCE, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._arriving, self._leaving, self._life):
            if timer:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        if self._in_header:
            self._header_bytes += len(data)
            if self._header_bytes > HEADER_BYTES:
                self._refuse(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_header, self._header_bytes = True, 0
        if not self._arriving:
            self._arriving = self.loop.call_later(PATIENCE, self._give_up)

    def on_headers_complete(self) -> None:
        self._in_header = False
        if sum(name in {b"content-length", b"transfer-encoding"} for name, _ in self.headers) > 1:
            self._refuse(b"400 Bad Request")
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._arriving:
            self._arriving.cancel()
            self._arriving = None
        if not self._refused:
            super().on_message_complete()

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
        if self.cycle is None or self.cycle.response_complete:
            self._close()
        else:
            self.cycle.keep_alive = False
            self.loop.call_later(PATIENCE, self.transport.abort)

    def _refuse(self, status: bytes) -> None:
        """Say why, and read no more; but wait a little, or the reason would never be read.

        A connection that is closed while data is still coming is reset, and what was
        sent last is lost with it (RFC 9112, 9.6).
        """
        self._refused = True
        if self.transport.is_closing():
            return
        if self._in_header or self.cycle is None or not self.cycle.response_started:
            self.transport.write(_REFUSAL % status)
        self.transport.write_eof()
        self.loop.call_later(LINGER, self.transport.abort)

    def _close(self) -> None:
        self.transport.close()
        self.loop.call_later(LINGER, self.transport.abort)
