"""Responses that are ready are written below the application.

A page that the edition has ready (``Guard.ready``, announced in the lifespan's state)
needs no task and no ASGI scope: its bytes are written as soon as the header section is
complete. uvicorn handles everything else. It also handles every request while an earlier one
waits or the client does not read, and when the server is full or writes an access log. Without
this subclass the portal works the same, and a page costs about three times as much
(``PORTAL_FAST_PATH=off``; bench/results.md).
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from portal.web.guard import HEADER_LIMIT, SAFE_METHODS, Ready
from portal.web.headers import Headers, header_lines
from portal.web.protocol import CLOSE, BoundedProtocol
from portal.web.resources import Representation

_SAFE_METHODS = frozenset(method.encode() for method in SAFE_METHODS)


class FastPathProtocol(BoundedProtocol):
    """The protocol that writes what is ready."""

    _idle_timer: asyncio.TimerHandle | None = None
    """Closes a connection on which no request comes."""
    _is_quiet = False
    """Whether nothing was under way when the timer last looked, and no request has begun since."""
    _is_answered = False
    """Whether the current request has had its response."""
    _dated: tuple[Headers, bytes] = [], b""
    """uvicorn's default headers (date) and their lines; it makes a new list every second."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._ready: Ready | None = None if self.config.access_log else self.app_state.get("ready")

    def connection_lost(self, exc: Exception | None) -> None:
        if self._idle_timer:
            self._idle_timer.cancel()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._in_header = self._in_request = True
        self._is_answered = self._is_quiet = False
        self.url, self.headers = b"", []

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if representation := self._ready_representation():
            self._in_header = False
            self._write(representation)
            return
        # What uvicorn does at the first byte: only now is it certain that it is needed.
        url, headers = self.url, self.headers
        super().on_message_begin()
        self._in_header = True
        self.url, self.headers, self.scope["headers"] = url, headers, headers
        self.expect_100_continue = any(
            name == b"expect" and value.lower() == b"100-continue" for name, value in headers
        )
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        if self._is_answered:
            self._complete_request()
        else:
            super().on_message_complete()

    def _ready_representation(self) -> Representation | None:
        """What can be written now; None leaves the request to uvicorn."""
        if self._ready is None or self._ended or self.parser.get_method() not in _SAFE_METHODS:
            return None
        if self._is_busy or self.flow.write_paused or self._is_full:
            return None
        if self._header_bytes > HEADER_LIMIT:
            return None
        return self._ready(self.url, self.headers)

    def _write(self, representation: Representation) -> None:
        """Send a representation; its message is ready for a GET on a connection that stays open."""
        keep_alive = (
            self.parser.should_keep_alive()
            and self.parser.get_http_version() != "1.0"
            and not self._is_stopping()
        )
        message = representation.message
        if not keep_alive or self.parser.get_method() == b"HEAD":
            body = b"" if self.parser.get_method() == b"HEAD" else representation.body
            message = representation.header_lines + (b"\r\n" if keep_alive else CLOSE) + body
        status_line = STATUS_LINE[representation.status]
        self.transport.write(b"".join((status_line, self._date_lines(), message)))
        self.server_state.total_requests += 1
        self._is_answered = True
        if not keep_alive:
            self._ended = True
            self.transport.close()
        elif self._idle_timer is None:
            self._idle_timer = self.loop.call_later(self.timeout_keep_alive, self._close_if_idle)

    def _date_lines(self) -> bytes:
        headers = self.server_state.default_headers
        if self._dated[0] is not headers:
            FastPathProtocol._dated = headers, header_lines(headers)
        return self._dated[1]

    def _close_if_idle(self) -> None:
        """Close the connection when it was idle since the last look.

        One timer that looks again and again, since a timer for each response would cost
        more than the response.
        """
        waits = self._in_request or self._is_busy or self.transport.get_write_buffer_size()
        if self._is_quiet and not waits:
            self._close()
        else:
            self._is_quiet = not waits
            self._idle_timer = self.loop.call_later(self.timeout_keep_alive, self._close_if_idle)
