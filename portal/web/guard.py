"""What holds for every request and every answer: one wrapper round everything.

A request must name a host that is ours, must be within the ceilings, and must
not have been sent by another site's page. What is on the shelf is handed out
here, before anything else is asked. Whatever breaks inside ends in an error page
in the reader's language, and in a log line that names no person.
"""

import logging
import traceback
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.settings import Settings
from portal.storage.database import Database
from portal.web.edition import Edition
from portal.web.resources import (
    SECURITY,
    Headers,
    Representation,
    Resource,
    respond,
    send_representation,
)

BODY_LIMIT = 256 * 1024
"""Bytes of a posted form: 5000 characters of any script in either encoding, and room to spare."""
HEADER_LIMIT = 16 * 1024
"""Bytes of all header lines together."""

LENGTH_DIGITS = 15
"""More would be no length, and slow to read as a number."""

SAFE_METHODS = frozenset({"GET", "HEAD"})
BODY_HEADERS = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""With one of these there is more to a request than its header."""

Ready = Callable[[bytes, Headers], Representation | None]
"""What ``Guard.ready`` is, for those who are told of it and know no guard."""

LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")

log = logging.getLogger(__name__)


class Guard:
    """The outermost application.

    Args:
        app: what it guards.
        edition: what readers are served from; may be replaced at any time.
        database: where messages are kept.
        settings: which hosts are ours.
    """

    def __init__(
        self, app: ASGIApp, edition: Edition, database: Database, settings: Settings
    ) -> None:
        self.app = app
        self.edition = edition
        self._state = {"database": database, "settings": settings}
        self._origin = settings.base_url.encode()
        self._fast_path = settings.fast_path
        self._is_our_host = _host_filter(_hosts(settings))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if self._fast_path:
                scope.get("state", {})["ready"] = self.ready
            await self.app(scope, receive, send)
        elif answer := self._ready_at_once(scope):
            await send_representation(answer, send)
        else:
            await self._admit(scope, receive, send)

    def _ready_at_once(self, scope: Scope) -> Representation | None:
        if scope["method"] not in SAFE_METHODS or _size(scope["headers"]) > HEADER_LIMIT:
            return None
        path, query = scope.get("raw_path") or b"", scope["query_string"]
        return self.ready(path + b"?" + query if query else path, scope["headers"])

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in by the door, and answer for whatever becomes of it."""
        edition = self.edition
        scope["state"] = {**scope.get("state", {}), **self._state, "edition": edition}
        scope["app"] = self.app  # a route without an app answers for itself, and not as we do
        watched = _Watched(send)
        try:
            await self._answer(edition, scope, receive, watched)
        except ClientDisconnect:
            pass
        except Exception as error:
            status, extra = _refused(error)
            if not watched.started:
                await respond(edition.errors.page(status, scope), scope, watched, extra)

    def ready(self, target: bytes, headers: Headers) -> Representation | None:
        """What GET or HEAD can be answered without the application: all that is on the shelf.

        The server below is told of this at its start (the lifespan's state) and asks it
        first. None means that the request must come in by the door, not that it is refused.

        Args:
            target: path and query as they were sent; only the spelling on the shelf is found.
            headers: of the request, their names in lower case; within ``HEADER_LIMIT``.
        """
        try:
            sheet = self.edition.resources.find(target.decode("latin-1"))
        except Exception:
            return None  # inside, it will be met again, and answered for
        if sheet is None:
            return None
        given = dict(headers)
        if not BODY_HEADERS.isdisjoint(given) or not self._is_our_host(given.get(b"host", b"")):
            return None
        return sheet.negotiate(given.get(b"accept-encoding", b""), given.get(b"if-none-match", b""))

    async def _answer(self, edition: Edition, scope: Scope, receive: Receive, send: Send) -> None:
        if status := self._refusal(scope):
            await respond(edition.errors.page(status, scope), scope, send)
        elif scope["method"] in SAFE_METHODS and (found := _found(edition, scope)):
            await respond(found, scope, send)
        else:
            await self.app(scope, _bounded(receive), send)

    def _refusal(self, scope: Scope) -> int:
        """The status with which a request is turned away at the door, or 0."""
        given = dict(scope["headers"])
        if not scope["path"].startswith("/") or not self._is_our_host(given.get(b"host", b"")):
            return 400
        if _size(scope["headers"]) > HEADER_LIMIT:
            return 431
        if scope["method"] == "POST" and not self._is_from_our_page(given):
            return 403
        length = given.get(b"content-length", b"0")
        if not length.isdigit() or len(length) > LENGTH_DIGITS:
            return 400
        return 413 if int(length) > BODY_LIMIT else 0

    def _is_from_our_page(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a form may have been sent by our own page (Fetch Metadata; RFC 6454).

        A client that sends neither header is no browser in which somebody else's
        page could act; no cookie is at stake, so it may write.
        """
        if headers.get(b"sec-fetch-site", b"same-origin") not in {b"same-origin", b"none"}:
            return False
        origin = headers.get(b"origin")
        if origin is None:
            return True
        host = headers[b"host"]
        return origin in {self._origin, b"http://" + host, b"https://" + host}


def _size(headers: Headers) -> int:
    return sum(map(len, chain.from_iterable(headers)))


def _hosts(settings: Settings) -> frozenset[bytes]:
    """The host names that the portal answers to, without ports."""
    names = [urlsplit(settings.base_url).hostname or "", *settings.allowed_hosts]
    if not settings.production:
        names += LOCAL_HOSTS
    return frozenset(name.encode() for name in names)


def _host_filter(hosts: frozenset[bytes]) -> Callable[[bytes], bool]:
    """Tells whether a Host header names one of the hosts; few are seen, and often."""

    @lru_cache(256)
    def is_ours(host: bytes) -> bool:
        name, colon, port = host.lower().rpartition(b":")
        return (name if colon and port.isdigit() else host.lower()) in hosts

    return is_ours


def _found(edition: Edition, scope: Scope) -> Resource | None:
    """What lies on the shelf for an address; its query counts."""
    query = scope["query_string"].decode("latin-1")
    return edition.resources.find(f"{scope['path']}?{query}" if query else scope["path"])


def _refused(error: Exception) -> tuple[int, Headers]:
    """The status and further headers for what was raised; what was not meant is recorded."""
    if isinstance(error, HTTPException):
        given = error.headers or {}
        return error.status_code, [(k.lower().encode(), v.encode()) for k, v in given.items()]
    _record(error)
    return 500, []


def _record(error: Exception) -> None:
    """Log where something broke, but not what it says: that may be a person's words."""
    places = reversed(traceback.extract_tb(error.__traceback__))
    where = " < ".join(f"{Path(place.filename).name}:{place.lineno}" for place in places)
    log.error("%s at %s", type(error).__name__, where)


class _Watched:
    """Sends on, and knows whether an answer has begun; adds what no answer may lack."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            named = {name for name, _ in message["headers"]}
            if missing := [header for header in SECURITY if header[0] not in named]:
                message = {**message, "headers": [*message["headers"], *missing]}
        await self._send(message)


def _bounded(receive: Receive) -> Receive:
    """Receive no more than the ceiling, whatever length was announced."""
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > BODY_LIMIT:
            raise HTTPException(413)
        return message

    return bounded
