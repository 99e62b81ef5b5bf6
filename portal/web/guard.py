"""What holds for every request and every response: one wrapper round the application.

1. A GET or HEAD whose resource is ready is answered at once (``Guard.ready``).
2. Otherwise the request is refused if it names a host that is not ours, exceeds a limit, or is
   a form sent by a page of another site (``Guard.refusal``; ``__call__`` for the header section).
   Health checks may use any name: load balancers ask by an address of their own.
3. Otherwise the application answers.

Whatever breaks inside ends in an error page in the reader's language, and in a log line
that names no person. A form that is refused, with one of ``posting.REFUSALS``, is shown again
with all that was typed into it, as long as it can be read.
"""

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from urllib.parse import unquote, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from portal.logs import begin_request, describe
from portal.metrics import Metrics, Samples
from portal.settings import LOCAL_HOSTS, Settings, host_name
from portal.storage.database import Database
from portal.web.edition import Edition
from portal.web.headers import Headers, header_lines
from portal.web.health import ANY_HOST, READY
from portal.web.public import refusals
from portal.web.public.pages import FINDER, SLUGS
from portal.web.resources import Representation, Resource, respond, send_representation
from portal.web.staff import access

BODY_LIMIT = 256 * 1024
"""Bytes of a posted form: 5000 characters of any script in either encoding, and room to spare."""
SHOWN_LIMIT = 1024 * 1024
"""A form that is too large is shown again up to this many bytes."""
HEADER_LIMIT = 16 * 1024
"""Bytes of the address and of all header lines together."""
LENGTH_DIGITS = 15
"""The most digits of Content-Length; more are refused."""

SAFE_METHODS = frozenset({"GET", "HEAD"})
BODY_HEADERS = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Headers that announce a body or another protocol."""

REQUEST_ID = b"x-request-id"
REQUESTS = "portal_requests_total"

Ready = Callable[[bytes, Headers], Representation | None]
"""The type of ``Guard.ready``, which the protocol finds in the lifespan's state."""
Refusal = Callable[[int, bytes, Headers], Representation]
"""Type of ``Guard.error``."""

log = logging.getLogger(__name__)


class Guard:
    """The outermost application.

    Args:
        app: what it guards.
        edition: what readers are served from; may be replaced at any time.
        database: where messages are stored.
        settings: which hosts are ours.
        metrics: where responses are counted.
    """

    def __init__(
        self,
        app: ASGIApp,
        edition: Edition,
        database: Database,
        settings: Settings,
        metrics: Metrics,
    ) -> None:
        self.app = app
        self.edition = edition
        self.metrics = metrics
        self._state = {"database": database, "settings": settings, "metrics": metrics}
        # By status and address: only a scrape groups them by route, so the fast path need not.
        self._ready_counts: defaultdict[int, defaultdict[str, int]]
        self._ready_counts = defaultdict(partial(defaultdict, int))
        self._ready_routes: dict[str, str] = {}
        metrics.gauge(REQUESTS, self._count_by_route)
        # The list by which uvicorn decides whose X-Forwarded-For it trusts.
        proxies = [*settings.trusted_proxies]
        self._proxies = ProxyHeadersMiddleware(app, proxies).trusted_hosts  # type: ignore[arg-type]
        self._origin = settings.base_url.encode()
        self._schemes = [b"https://"] if settings.production else [b"https://", b"http://"]
        self._is_our_host = _host_filter(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            # ``web.protocol`` and ``web.fast_path`` find these in the lifespan's state.
            scope.get("state", {}).update(ready=self.ready, error=self.error)
            await self.app(scope, receive, send)
            return
        headers = scope["headers"]
        path, query = scope.get("raw_path") or b"", scope["query_string"]
        target = path + b"?" + query if query else path
        is_too_large = len(target) + len(header_lines(headers)) > HEADER_LIMIT
        is_safe = scope["method"] in SAFE_METHODS and not is_too_large
        if is_safe and (representation := self.ready(target, headers)):
            await send_representation(representation, send)
            return
        edition, body = self.edition, _Body(scope, receive)
        count = partial(self.metrics.count, REQUESTS, _route(edition, scope["path"]))
        sender = _Sender(send, self._request_id(scope), count)
        scope["state"] = {**scope.get("state", {}), **self._state, "edition": edition}
        scope["app"] = self.app  # without it, Starlette's routes answer errors themselves
        try:
            if status := 431 if is_too_large else self.refusal(scope):
                raise HTTPException(status)
            await self.app(scope, body.receive, sender)
        except ClientDisconnect:
            pass
        except Exception as error:
            status, extra = _status_of(error)
            if not sender.started:
                page = await _refused_form(status, edition, scope, body)
                page = page or edition.errors.page_for(status, scope)
                await respond(page, scope, sender, extra)

    def ready(self, target: bytes, headers: Headers) -> Representation | None:
        """What a GET or HEAD gets without the application: a resource of the edition.

        None only means that nothing is ready; whether the request is refused is decided later.

        Args:
            target: path and query as they were sent.
            headers: of the request, their names in lower case; within ``HEADER_LIMIT``.
        """
        try:
            address = target.decode("latin-1")
            resource = self.edition.resources.find(address)
        except Exception:
            return None  # the application meets the same fault and reports it
        if resource is None:
            return None
        fields = dict(headers)
        if len(fields) < len(headers) or not BODY_HEADERS.isdisjoint(fields):
            return None
        if not self._is_our_host(fields.get(b"host", b"")):
            path = target.partition(b"?")[0].decode("latin-1")
            if path not in ANY_HOST:
                return None
        representation = resource.negotiate(
            fields.get(b"accept-encoding", b""), fields.get(b"if-none-match", b"")
        )
        self._ready_counts[representation.status][address] += 1
        return representation

    def refusal(self, scope: Scope) -> int:
        """The status with which a request is refused before the application, or 0."""
        headers, path = dict(scope["headers"]), scope["path"]
        if not self._is_our_host(headers.get(b"host", b"")):
            is_health_check = path in ANY_HOST and scope["method"] in SAFE_METHODS
            if not is_health_check:
                return 400
        if not path.startswith("/"):
            return 400
        if scope["method"] == "POST" and not self._is_from_our_page(path, headers):
            return 403
        length = _announced_length(headers)
        return 413 if length > BODY_LIMIT else 400 if length < 0 else 0

    def error(self, status: int, target: bytes, headers: Headers) -> Representation:
        """The error page for a request that the protocol refuses.

        Args:
            status: 400, 408, 431 or 503.
            target: path and query, as far as they have been read.
            headers: those that have been read, their names in lower case.
        """
        path = unquote(target.partition(b"?")[0].decode("latin-1"))
        page = self.edition.errors.page_for(status, {"path": path, "headers": headers})
        self.metrics.count(REQUESTS, _route(self.edition, path), str(status))
        return page.negotiate(dict(headers).get(b"accept-encoding", b""), b"")

    def _request_id(self, scope: Scope) -> bytes:
        """The id of a request: the one that a trusted proxy has given it, or a new one."""
        is_proxy = scope.get("state", {}).get("peer") in self._proxies
        return begin_request(dict(scope["headers"]).get(REQUEST_ID, b"") if is_proxy else b"")

    def _count_by_route(self) -> Samples:
        """How many responses were ready, by route and status."""
        counts: Counter[tuple[str, ...]] = Counter()
        for status, by_address in self._ready_counts.items():
            for address, count in by_address.items():
                path = address.partition("?")[0]
                # Remembered, so that no counter falls when a language is removed.
                route = self._ready_routes.setdefault(path, _route(self.edition, path))
                counts[route, str(status)] += count
        return counts

    def _is_from_our_page(self, path: str, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a form may have been sent by our own page (Fetch Metadata; RFC 6454).

        A client that sends neither header is not a browser in which a page of another site
        could act. It may post where no cookie is used; to the inbox, one of the headers must show
        that the form is ours.
        """
        site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
        if path.startswith(access.INBOX) and site != b"same-origin" and origin is None:
            return False
        if site not in {None, b"same-origin", b"none"}:
            return False
        if origin == b"null":
            # Where a proxy adds ``Referrer-Policy: no-referrer``, browsers send this from our own
            # page too. They set Sec-Fetch-Site themselves; no page can forge it.
            return site == b"same-origin"
        if origin is None or origin == self._origin:
            return True
        return origin in [scheme + headers[b"host"] for scheme in self._schemes]


def _route(edition: Edition, path: str) -> str:
    """The name of a path in the metrics, of a fixed set of names.

    It is the same in all languages; an unknown path is ``other``.
    """
    first, _, slug = path[1:].partition("/")
    if first in edition.languages:
        if slug.startswith(f"{FINDER.slug}/"):
            return f"/{{l}}/{FINDER.slug}/{{case}}"
        return f"/{{l}}/{slug}" if slug in SLUGS else "other"
    if first in {"static", access.INBOX[1:]}:
        return f"/{first}"
    return path if path in edition.resources or path in {"/", READY} else "other"


def _host_filter(settings: Settings) -> Callable[[bytes], bool]:
    """A function that tells whether a Host header names one of our hosts."""
    hosts = {host_name(urlsplit(settings.base_url).hostname or ""), *settings.allowed_hosts}
    if not settings.production:
        hosts |= LOCAL_HOSTS

    # Cached: the same few values come with every request.
    @lru_cache(256)
    def is_our_host(host: bytes) -> bool:
        try:
            return host_name(_PORT.sub(b"", host.strip()).decode("ascii")) in hosts
        except ValueError:
            return False

    return is_our_host


_PORT = re.compile(rb":[0-9]*$")
"""The port of a Host header; it may be empty (RFC 3986, 3.2.3)."""


async def _refused_form(
    status: int, edition: Edition, scope: Scope, body: "_Body"
) -> Resource | None:
    """The form that a refused request was to send; None where it cannot be shown."""
    try:
        page = await refusals.refused(status, edition.renderers, scope, body.read)
        return page or await access.show_again(status, scope, body.read)
    except HTTPException:
        return None
    except Exception as error:
        _log_unexpected(error)  # the page of the form is broken, too
        return None


def _announced_length(headers: Mapping[bytes, bytes]) -> int:
    """The length of a body by its Content-Length: 0 without one, negative for what is no length."""
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() and len(length) <= LENGTH_DIGITS else -1


def _status_of(error: Exception) -> tuple[int, Headers]:
    """The status and further headers for an exception; an unexpected one is logged."""
    if isinstance(error, HTTPException):
        headers = error.headers or {}
        return error.status_code, [(k.lower().encode(), v.encode()) for k, v in headers.items()]
    _log_unexpected(error)
    return 500, []


def _log_unexpected(error: Exception) -> None:
    """Log where something broke, but not the error's text: that may be a person's words."""
    log.error("%s", describe(error))


class _Sender:
    """Sends a response with the id of its request, and knows whether it has begun.

    Args:
        send: the server's.
        request_id: is sent with the response and written in its log lines.
        count: is told the status.
    """

    def __init__(self, send: Send, request_id: bytes, count: Callable[[str], None]) -> None:
        self._send = send
        self._request_id = request_id
        self._count = count
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self._count(str(message["status"]))
            headers = [*message["headers"], (REQUEST_ID, self._request_id)]
            message = {**message, "headers": headers}
        await self._send(message)


class _Body:
    """Receives the body of a request, and remembers it."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._scope = scope
        self._receive = receive
        self._pieces: list[bytes] = []
        self._size = 0
        self._is_complete = False

    async def receive(self) -> Message:
        """Receive no more than ``BODY_LIMIT``, whatever length was announced.

        Raises:
            HTTPException: 413 for more than that.
        """
        message = await self._receive()
        piece = message.get("body", b"")
        self._pieces.append(piece)
        self._size += len(piece)
        self._is_complete = not message.get("more_body")
        if self._size > BODY_LIMIT:
            raise HTTPException(413)
        return message

    async def read(self) -> bytes | None:
        """All of the body; None where it never comes or passes ``SHOWN_LIMIT`` before its end."""
        if _announced_length(dict(self._scope["headers"])) > SHOWN_LIMIT:
            return None
        while not self._is_complete and self._size <= SHOWN_LIMIT:
            with suppress(HTTPException):
                if (await self.receive())["type"] == "http.disconnect":
                    return None
        return b"".join(self._pieces) if self._is_complete else None
