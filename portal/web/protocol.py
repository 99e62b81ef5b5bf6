"""uvicorn's HTTP protocol with deadlines and ceilings.

uvicorn waits for ever for a request that comes a byte at a time, and its parser knows no
limit for headers. This protocol cuts off what arrives too slowly or too large, readers
that do not read, and requests whose meaning is not certain: a length given in two ways,
two Host lines (RFC 9112, 3.2 and 6.3). An offer to upgrade is ignored, as RFC 9110, 7.8
allows, and the body behind it is read as a body.

What it refuses gets the same error page that the application would send: the application
announces ``error`` in the lifespan's state (``Guard.error``). Once the application announces
there that it ``is_stopping``, each connection ends with its next response.
"""

import asyncio
import re
import sys
from collections.abc import Callable
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from portal.web.guard import Refusal
from portal.web.headers import Headers, header_lines, with_security
from portal.web.resources import Representation

PATIENCE = 20.0
"""Seconds in which a request must arrive whole, and a client read what waits to be sent."""
LIFETIME = 300.0
"""Seconds that a connection lives; a browser opens a new one without anybody noticing."""
LINGER = 2.0
"""Seconds that a closing connection may take to send what is left."""
HEADER_BYTES = 32 * 1024
"""Bytes that may arrive before the header section is complete."""

CLOSE = b"connection: close\r\n\r\n"
_ONCE = (b"host", b"origin", b"sec-fetch-site", b"content-type", b"content-length")
_LENGTHS = (b"content-length", b"transfer-encoding")
_TARGET = re.compile(rb"[A-Z]+ (\S+)")
_ACCEPT_LANGUAGE = re.compile(rb"\r\n(accept-language): *([^\r\n]*)", re.IGNORECASE)


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with deadlines.

    Class attributes are the state of a new connection.
    """

    _arrival_timer: asyncio.TimerHandle | None = None
    """Ends a request that does not arrive in time."""
    _write_timer: asyncio.TimerHandle | None = None
    """Ends a response that is not read in time."""
    _lifetime_timer: asyncio.TimerHandle | None = None
    """Ends the connection."""
    _in_header = False
    """Whether a header section has begun to arrive."""
    _in_request = False
    """Whether a request has begun to arrive and is not complete."""
    _header_bytes = 0
    """Bytes of all pieces in which the current header section has arrived."""
    _shared_bytes = 0
    """Bytes among them that came in the same piece as the end of the previous request."""
    _ended = False
    """Whether nothing more is to be read."""
    _refusal = b""
    """An error page that waits for the responses to earlier requests."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.url, self.headers = b"", []
        self._limit = self.limit_concurrency or sys.maxsize
        self._error: Refusal = self.app_state.get("error", _without_page)
        self._is_stopping: Callable[[], bool] = self.app_state.get("is_stopping", lambda: False)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._lifetime_timer = self.loop.call_later(LIFETIME, self._retire)
        self._arrival_timer = self.loop.call_later(PATIENCE, self._refuse, 408)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._arrival_timer, self._write_timer, self._lifetime_timer):
            if timer:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        self._unset_keepalive_if_required()
        self._header_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._ignore_offer(data[offer.args[0] :])
        except httptools.HttpParserError:
            self._refuse_malformed(data)
        if self._in_request and not self._arrival_timer:
            self._arrival_timer = self.loop.call_later(PATIENCE, self._refuse, 408)
        if not self._in_header:
            self._header_bytes = self._shared_bytes = 0
        elif self._header_bytes - self._shared_bytes > HEADER_BYTES and not self._ended:
            self._refuse(431)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection open for the response to a complete request (RFC 9112, 9.6)."""
        if self._refusal:
            return True
        if self._ended or self._in_request or not self._is_busy:
            return False
        self._ended = True
        self.cycle.keep_alive = False
        return True

    def on_message_begin(self) -> None:
        self._in_header = self._in_request = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_header = False
        if self._ended or self.parser.should_upgrade():
            return
        names = [name for name, _ in self.headers]
        if any(names.count(name) > 1 for name in _ONCE) or sum(map(names.count, _LENGTHS)) > 1:
            self._refuse(400)
        elif self._is_full:
            self._refuse(503)
        else:
            # A trusted proxy's report replaces "client"; this is the address of the proxy.
            self.scope["state"]["peer"] = self.client and self.client[0]
            super().on_headers_complete()
            if self._is_stopping():
                self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        if not self._ended:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._complete_request()
        if not self._ended and not self.parser.should_upgrade():
            super().on_message_complete()

    def _complete_request(self) -> None:
        self._in_request = False
        self._shared_bytes = self._header_bytes
        if self._arrival_timer:
            self._arrival_timer.cancel()
            self._arrival_timer = None

    def on_response_complete(self) -> None:
        is_last = not self.pipeline
        super().on_response_complete()
        if self._refusal and is_last:
            self._end_with(self._refusal)

    @property
    def _is_busy(self) -> bool:
        """Whether an earlier request waits for its response."""
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _is_full(self) -> bool:
        """Whether there are as many connections or requests as ``commands.serve`` allows."""
        return len(self.connections) >= self._limit or len(self.tasks) >= self._limit

    def _ignore_offer(self, rest: bytes) -> None:
        """Read a request again without its offer to upgrade.

        The parser stops at such a request and takes what follows for another protocol, so
        a new parser gets the header section without the offer, and then the rest.
        """
        if self.parser.get_method() == b"CONNECT":
            self._refuse(400)
            return
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        for name, value in self.headers:
            if name == b"connection":
                tokens = [token.strip() for token in value.split(b",")]
                value = b", ".join(token for token in tokens if token.lower() != b"upgrade")
            if name != b"upgrade":
                lines.append(b"%s: %s" % (name, value))
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(b"\r\n".join(lines) + b"\r\n\r\n" + rest)

    def pause_writing(self) -> None:
        self._write_timer = self.loop.call_later(PATIENCE, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        if self._write_timer:
            self._write_timer.cancel()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    def _retire(self) -> None:
        """End the connection after the response that is being sent, or at once."""
        if self._is_busy:
            self.cycle.keep_alive = False
            self.loop.call_later(PATIENCE, self.transport.abort)
        else:
            self._close()

    def _refuse_malformed(self, data: bytes) -> None:
        """Refuse what the parser does not understand, in the language that can be made out."""
        if self._in_header and not self._ended:
            self.url = self.url or b"".join(_TARGET.findall(data)[:1])
            self.headers += [
                (name.lower(), value) for name, value in _ACCEPT_LANGUAGE.findall(data)
            ]
        elif not self._in_request:
            self.url, self.headers = b"", []
        if not self._ended:
            self._refuse(400)

    def _refuse(self, status: int) -> None:
        """Send an error page, after the responses to earlier requests, and read no more."""
        self._ended = True
        has_cycle = self._in_request and not self._in_header and self.cycle
        if not has_cycle or self.cycle.scope is not self.scope:
            self._end_after_responses(self._error_message(status), self._is_busy)
        elif self.pipeline:
            # The application has not begun with this request, and never will.
            self.pipeline.popleft()
            self._end_after_responses(self._error_message(status), is_busy=True)
        elif not self.cycle.response_started:
            # The application waits for the rest of the body; what it sends now is not written.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self._end_with(self._error_message(status))
        elif self.cycle.response_complete:
            self._end_with(b"")
        else:
            self.cycle.keep_alive = False

    def _end_after_responses(self, message: bytes, is_busy: bool) -> None:
        if is_busy:
            self._refusal = message
        else:
            self._end_with(message)

    def _error_message(self, status: int) -> bytes:
        error = self._error(status, self.url, self.headers)
        dates = header_lines(self.server_state.default_headers)
        body = b"" if self.parser.get_method() == b"HEAD" else error.body
        return b"".join((STATUS_LINE[status], dates, error.header_lines, CLOSE, body))

    def _end_with(self, message: bytes) -> None:
        """Send what is left, and close the connection a moment later.

        A connection that is closed while data is still coming is reset, and what was sent
        last is lost with it (RFC 9112, 9.6).
        """
        if self.transport.is_closing():
            return
        self.transport.write(message)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(LINGER, self.transport.abort)

    def _close(self) -> None:
        self.transport.close()
        self.loop.call_later(LINGER, self.transport.abort)


def _without_page(status: int, target: bytes, headers: Headers) -> Representation:
    """The refusal where no application has announced its error pages."""
    return Representation(status, with_security([(b"content-length", b"0")]), b"")
