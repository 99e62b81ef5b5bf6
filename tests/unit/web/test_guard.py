"""The guard: which requests pass, how others are refused, and what happens after an exception."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from portal.i18n.catalogs import Catalog
from portal.i18n.languages import Languages, language
from portal.i18n.rendering import Renderers
from portal.metrics import Metrics
from portal.settings import Settings
from portal.storage.database import Database
from portal.web.edition import Edition
from portal.web.guard import BODY_LIMIT, HEADER_LIMIT, Guard
from portal.web.headers import SECURITY
from portal.web.public.errors import Errors
from portal.web.public.page_coverage import PageCoverage
from portal.web.resources import Resource, Resources, resource

HOST = "skola.example.se"
START = resource("the start page", "text/html; charset=utf-8")
WITH_QUERY = resource("the start page alongside", "text/html; charset=utf-8")


class App:
    """The application behind the guard: it records requests, and responds or raises."""

    def __init__(self) -> None:
        self.requests: list[Scope] = []
        self.error: Exception | None = None
        self.responds_first = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests.append(scope)
        if scope["type"] == "http" and scope["method"] == "POST":
            while (await receive()).get("more_body"):
                pass
        if self.error is None or self.responds_first:
            headers = [(b"referrer-policy", b"no-referrer")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"from the application"})
        if self.error:
            raise self.error


@pytest.fixture
def app() -> App:
    return App()


def guarding(app: App, folder: Path, settings: Settings) -> Iterator[Guard]:
    """A guard in front of an application, with two pages and short error pages."""
    (folder / "public").mkdir()
    (folder / "public" / "error.html").write_text("{{ language.tag }} {{ error }}", "utf-8")
    languages = Languages(["en", "ar"])
    catalogs = {tag: Catalog(language(tag), {}, int) for tag in languages}
    renderers = Renderers(folder, languages, catalogs)
    resources = Resources({"/sv/": lambda: START, "/en/?bredvid=sv": lambda: WITH_QUERY})
    coverage = PageCoverage({}, 0)
    edition = Edition(renderers, catalogs, coverage, None, resources, Errors(renderers))
    database = Database(f"sqlite:///{folder}/portal.db")
    yield Guard(app, edition, database, settings, Metrics())
    database.close()


@pytest.fixture
def guard(app: App, tmp_path: Path) -> Iterator[Guard]:
    """The guard of a portal in production."""
    settings = Settings(
        environment="production", base_url=f"https://{HOST}", allowed_hosts=("annan.example.se",)
    )
    yield from guarding(app, tmp_path, settings)


@pytest.fixture
def development_guard(app: App, tmp_path: Path) -> Iterator[Guard]:
    """The guard of a portal with the default settings, for development."""
    yield from guarding(app, tmp_path, Settings())


COOKIE_LIMIT = HEADER_LIMIT - len(f"/sv/nowherehost: {HOST}\r\ncookie: \r\n")
"""How long a cookie may be beside the address and Host of a test."""


async def send_request(
    guard: Guard,
    method: str = "GET",
    path: str = "/sv/nowhere",
    query: str = "",
    bodies: tuple[bytes, ...] = (b"",),
    **headers: str,
) -> tuple[int, dict[bytes, bytes], bytes]:
    """Send a request to the guard; ``_`` in the name of a header stands for ``-``."""
    named = {"host": HOST} | headers
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [
            (name.replace("_", "-").encode(), value.encode("latin-1"))
            for name, value in named.items()
        ],
    }
    messages = [
        {"type": "http.request", "body": body, "more_body": rest > 0}
        for rest, body in zip(reversed(range(len(bodies))), bodies, strict=True)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await guard(scope, receive, send)
    start, body = sent
    return start["status"], dict(start["headers"]), body["body"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (HOST, 200),
        (f"{HOST}:8443", 200),
        ("annan.example.se", 200),
        ("evil.example.com", 400),
        (f"{HOST}.evil.example.com", 400),
        (f"evil.{HOST}", 400),
        (f"{HOST}:80:80", 400),
        (f"{HOST}:http", 400),
        (f"{HOST}:", 200),
        (f"{HOST}.", 200),
        (f"{HOST}.:443", 200),
        (f"{HOST} ", 200),
        (HOST.upper(), 200),
        (f"{HOST}..", 400),
        (f".{HOST}", 400),
        ("å", 400),
        (f"{HOST}@evil.example.com", 400),
        ("", 400),
        ("127.0.0.1", 400),
        ("localhost:8000", 400),
    ],
)
async def test_only_the_hosts_of_the_portal_are_served(
    guard: Guard, app: App, host: str, status: int
) -> None:
    assert (await send_request(guard, host=host))[0] == status
    assert bool(app.requests) == (status == 200)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost:8000", "localhost", "localhost:", "[::1]:8000"]
)
async def test_in_development_the_portal_is_served_on_loopback_only(
    development_guard: Guard, host: str
) -> None:
    assert (await send_request(development_guard, host=host))[0] == 200
    assert (await send_request(development_guard, host="evil.example.com"))[0] == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": f"https://{HOST}"}, 200),
        ({"origin": f"https://{HOST}", "sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "none"}, 200),
        ({"origin": "https://evil.example.com"}, 403),
        ({"origin": f"https://{HOST}.evil.example.com"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "null", "sec_fetch_site": "none"}, 403),
        ({"origin": "null", "sec_fetch_site": "same-origin"}, 200),
        ({"origin": f"http://{HOST}"}, 403),
        ({"origin": f"http://{HOST}", "sec_fetch_site": "same-origin"}, 403),
        ({"origin": "https://annan.example.se", "host": "annan.example.se"}, 200),
        ({"origin": ""}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"origin": f"https://{HOST}", "sec_fetch_site": "cross-site"}, 403),
        ({"origin": "https://evil.example.com", "sec_fetch_site": "same-origin"}, 403),
    ],
)
async def test_a_form_is_accepted_from_our_own_page_only(
    guard: Guard, app: App, headers: dict[str, Any], status: int
) -> None:
    assert (await send_request(guard, "POST", **headers))[0] == status
    assert bool(app.requests) == (status == 200)


async def test_at_home_our_own_page_needs_no_https(development_guard: Guard) -> None:
    origin = "http://localhost:8000"
    for host, status in (("localhost:8000", 200), ("127.0.0.1:8000", 403)):
        response = await send_request(development_guard, "POST", origin=origin, host=host)
        assert response[0] == status


async def test_a_page_may_be_opened_from_anywhere(guard: Guard) -> None:
    status, _, _ = await send_request(
        guard, origin="https://example.com", sec_fetch_site="cross-site"
    )
    assert status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_length": str(BODY_LIMIT)}, 200),
        ({"content_length": str(BODY_LIMIT + 1)}, 413),
        ({"content_length": "-1"}, 400),
        ({"content_length": "1, 1"}, 400),
        ({"content_length": "\u00b2"}, 400),
        ({"cookie": "x" * COOKIE_LIMIT}, 200),
        ({"cookie": "x" * (COOKIE_LIMIT + 1)}, 431),
    ],
)
async def test_a_request_that_is_too_large_is_refused_unread(
    guard: Guard, app: App, headers: dict[str, Any], status: int
) -> None:
    assert (await send_request(guard, "POST", **headers))[0] == status
    assert bool(app.requests) == (status == 200)


async def test_a_path_must_begin_with_a_slash(guard: Guard, app: App) -> None:
    assert (await send_request(guard, path="*"))[0] == 400
    assert app.requests == []


async def test_a_refusal_is_in_the_language_of_the_path_or_the_browser(guard: Guard) -> None:
    for path, accepted, tag in (("/ar/x", "en", "ar"), ("/x", "en", "en"), ("/x", "de", "sv")):
        status, headers, body = await send_request(
            guard, path=path, host="evil.example.com", accept_language=accepted
        )
        assert (status, body.decode()) == (400, f"{tag} 400")
        assert headers[b"cache-control"] == b"no-store"


async def test_the_guard_serves_pages_without_the_application(guard: Guard, app: App) -> None:
    assert (await send_request(guard, path="/sv/"))[2] == b"the start page"
    assert (await send_request(guard, "HEAD", "/sv/"))[0] == 200
    assert (await send_request(guard, path="/en/", query="bredvid=sv"))[
        2
    ] == b"the start page alongside"
    assert app.requests == []
    for method, path, query in (("GET", "/en/", ""), ("GET", "/sv/", "x=1"), ("POST", "/sv/", "")):
        assert (await send_request(guard, method, path, query))[2] == b"from the application"


async def test_an_edition_can_be_replaced_while_the_portal_is_served(guard: Guard) -> None:
    assert (await send_request(guard, path="/sv/"))[2] == b"the start page"
    new = Resources({"/sv/": lambda: resource("the new start page", "text/html")})
    guard.edition = replace(guard.edition, resources=new)
    assert (await send_request(guard, path="/sv/"))[2] == b"the new start page"


async def test_the_application_gets_the_edition_the_database_and_the_settings(
    guard: Guard, app: App
) -> None:
    await send_request(guard)
    (scope,) = app.requests
    assert scope["state"]["edition"] is guard.edition
    assert set(scope["state"]) == {"edition", "database", "settings", "metrics"}


async def test_a_response_of_the_application_gets_only_the_id_of_its_request(
    guard: Guard,
) -> None:
    _, headers, body = await send_request(guard)
    assert body == b"from the application"
    assert headers.pop(b"x-request-id")
    assert headers == {b"referrer-policy": b"no-referrer"}


async def test_an_exception_becomes_an_error_page_and_a_log_line_without_personal_data(
    guard: Guard, app: App, caplog: pytest.LogCaptureFixture
) -> None:
    app.error = ValueError("words of Anna Andersson")
    status, headers, body = await send_request(guard, path="/ar/x")
    assert (status, body.decode()) == (500, "ar 500")
    assert set(SECURITY) <= set(headers.items())
    (line,) = caplog.records
    assert line.levelno == logging.ERROR
    assert line.getMessage().startswith("ValueError at test_guard.py:")
    assert "Anna" not in caplog.text


async def test_a_response_that_has_started_is_not_started_again(guard: Guard, app: App) -> None:
    app.error = ValueError("too late")
    app.responds_first = True
    status, _, body = await send_request(guard)
    assert (status, body) == (200, b"from the application")


async def test_a_client_that_disconnects_is_not_logged(
    guard: Guard, app: App, caplog: pytest.LogCaptureFixture
) -> None:
    app.error = ClientDisconnect()
    app.responds_first = True
    await send_request(guard, path="/sv/x")
    assert caplog.records == []


async def test_a_body_may_come_in_pieces_up_to_the_limit(guard: Guard) -> None:
    half = b"x" * (BODY_LIMIT // 2)
    assert (await send_request(guard, "POST", bodies=(half, half, b"")))[0] == 200


async def test_a_body_over_the_limit_is_not_read_without_a_content_length_either(
    guard: Guard, app: App
) -> None:
    caught: list[HTTPException] = []

    async def reads_all(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while True:
                await receive()
        except HTTPException as error:
            caught.append(error)
            await app({**scope, "method": "GET"}, receive, send)

    guard.app = reads_all
    await send_request(guard, "POST", bodies=(b"x" * BODY_LIMIT, b"x", b"never read"))
    (error,) = caught
    assert error.status_code == 413


async def test_lifespan_events_are_passed_to_the_application(guard: Guard, app: App) -> None:
    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        assert message["type"].startswith("http")

    await guard({"type": "lifespan"}, receive, send)
    assert [scope["type"] for scope in app.requests] == ["lifespan"]


async def test_a_page_that_cannot_be_built_is_left_to_the_application(guard: Guard) -> None:
    def broken() -> Resource:
        raise KeyError("a value")

    guard.edition = replace(guard.edition, resources=Resources({"/sv/": broken}))
    assert guard.ready(b"/sv/", [(b"host", HOST.encode())]) is None
    assert (await send_request(guard, path="/sv/"))[2] == b"from the application"
