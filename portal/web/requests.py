"""The request that an endpoint gets, and the route that sends the resource it returns."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

import starlette.requests
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from portal.i18n.rendering import Renderer
from portal.metrics import Metrics
from portal.settings import Settings
from portal.storage.database import Database
from portal.web import form_data
from portal.web.edition import Edition
from portal.web.public.pages import is_alongside
from portal.web.resources import Resource, respond


class Request(starlette.requests.Request):
    """A request with what the guard has put into its state."""

    _content: bytes | None = None
    """The body, once it has been read."""

    @property
    def edition(self) -> Edition:
        """What readers were served from when the request came."""
        edition: Edition = self.scope["state"]["edition"]
        return edition

    @property
    def database(self) -> Database:
        """Where messages are stored."""
        database: Database = self.scope["state"]["database"]
        return database

    @property
    def settings(self) -> Settings:
        """What the operator decided."""
        settings: Settings = self.scope["state"]["settings"]
        return settings

    @property
    def metrics(self) -> Metrics:
        """The figures for operators."""
        metrics: Metrics = self.scope["state"]["metrics"]
        return metrics

    @property
    def renderer(self) -> Renderer:
        """The renderer for the language in the path and the reading mode in the query."""
        renderers = self.edition.renderers
        language = renderers.languages[self.path_params["tag"]]
        return renderers(language, is_alongside(self.scope))

    def page(self) -> Resource:
        """The page at the address of the request, whatever else is in its query.

        Raises:
            HTTPException: 404 where there is none.
        """
        query = self.scope["query_string"].decode("latin-1")
        page = self.edition.find(self.scope["path"], query)
        if page is None:
            raise HTTPException(404)
        return page

    @property
    def content_type(self) -> str:
        """The Content-Type header; empty where there is none."""
        value: bytes = dict(self.scope["headers"]).get(b"content-type", b"")
        return value.decode("latin-1")

    async def fields(self) -> dict[str, str]:
        """The fields of a posted form.

        Raises:
            HTTPException: 400 for a form that none of our pages sends, 415 for what is no form.
            ClientDisconnect: when the sender is gone before all of it has arrived.
        """
        posted = form_data.parse(self.content_type, await self.body())
        if posted.is_malformed:
            raise HTTPException(400)
        return posted.fields

    async def body(self) -> bytes:
        """The body, read once; without Starlette's stream, which costs 5 % of a message's time.

        Raises:
            ClientDisconnect: when the sender is gone before all of it has arrived.
        """
        if self._content is None:
            pieces, is_complete = [], False
            while not is_complete:
                message = await self.receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                pieces.append(message.get("body", b""))
                is_complete = not message.get("more_body")
            self._content = b"".join(pieces)
        return self._content


Endpoint = Callable[[Request], Awaitable[Resource]]
"""What a route calls: makes a resource from a request."""


class ResourceRoute(Route):
    """A route that responds with a resource.

    Args:
        path: as Starlette writes it.
        make: makes the resource.
        methods: GET includes HEAD.
    """

    def __init__(self, path: str, make: Endpoint, methods: Collection[str] = ("GET",)) -> None:
        super().__init__(path, _Responder(make), methods=[*methods])


@dataclass(frozen=True)
class _Responder:
    """An endpoint as an ASGI application; Starlette would wrap a function."""

    make: Endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await respond(await self.make(Request(scope, receive)), scope, send)
