"""The door: who is let in, who is turned away and how, and what happens when something breaks."""

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


class Inside:
    """The application behind the door: it remembers who came in, and answers or breaks."""

    def __init__(self) -> None:
        self.entered: list[Scope] = []
        self.breaks: Exception | None = None
        self.answers_first = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.entered.append(scope)
        if scope["type"] == "http" and scope["method"] == "POST":
            while (await receive()).get("more_body"):
                pass
        if self.breaks is None or self.answers_first:
            headers = [(b"referrer-policy", b"no-referrer")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"inside"})
        if self.breaks:
            raise self.breaks


@pytest.fixture
def inside() -> Inside:
    return Inside()


def guarding(inside: Inside, folder: Path, settings: Settings) -> Iterator[Guard]:
    """A guard before ``inside``, with two pages on the shelf and short error pages."""
    (folder / "public").mkdir()
    (folder / "public" / "error.html").write_text("{{ language.tag }} {{ error }}", "utf-8")
    languages = Languages(["en", "ar"])
    catalogs = {tag: Catalog(language(tag), {}, int) for tag in languages}
    renderers = Renderers(folder, languages, catalogs)
    shelf = Resources({"/sv/": lambda: START, "/en/?bredvid=sv": lambda: WITH_QUERY})
    coverage = PageCoverage({}, 0)
    edition = Edition(renderers, catalogs, coverage, None, shelf, Errors(renderers))
    database = Database(f"sqlite:///{folder}/portal.db")
    yield Guard(inside, edition, database, settings)
    database.close()


@pytest.fixture
def guard(inside: Inside, tmp_path: Path) -> Iterator[Guard]:
    """The door of a portal in production."""
    settings = Settings(
        environment="production", base_url=f"https://{HOST}", allowed_hosts=("annan.example.se",)
    )
    yield from guarding(inside, tmp_path, settings)


@pytest.fixture
def own_guard(inside: Inside, tmp_path: Path) -> Iterator[Guard]:
    """The door of a portal that somebody tries out at home."""
    yield from guarding(inside, tmp_path, Settings())


async def knock(
    guard: Guard,
    method: str = "GET",
    path: str = "/sv/nowhere",
    query: str = "",
    bodies: tuple[bytes, ...] = (b"",),
    **headers: str,
) -> tuple[int, dict[bytes, bytes], bytes]:
    """Ask the guard; ``_`` in a header's name stands for ``-``."""
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
    waiting = [
        {"type": "http.request", "body": body, "more_body": rest > 0}
        for rest, body in zip(reversed(range(len(bodies))), bodies, strict=True)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0)

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
        (f"{HOST}:", 400),
        (f"{HOST}@evil.example.com", 400),
        ("", 400),
        ("127.0.0.1", 400),
        ("localhost:8000", 400),
    ],
)
async def test_only_our_own_hosts_are_served(
    guard: Guard, inside: Inside, host: str, status: int
) -> None:
    assert (await knock(guard, host=host))[0] == status
    assert bool(inside.entered) == (status == 200)


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "localhost", "[::1]:8000"])
async def test_at_home_the_portal_answers_to_the_names_of_home(own_guard: Guard, host: str) -> None:
    assert (await knock(own_guard, host=host))[0] == 200
    assert (await knock(own_guard, host="evil.example.com"))[0] == 400


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
async def test_a_form_is_taken_from_our_own_page_alone(
    guard: Guard, inside: Inside, headers: dict[str, Any], status: int
) -> None:
    assert (await knock(guard, "POST", **headers))[0] == status
    assert bool(inside.entered) == (status == 200)


async def test_at_home_our_own_page_needs_no_https(own_guard: Guard) -> None:
    origin = "http://localhost:8000"
    assert (await knock(own_guard, "POST", origin=origin, host="localhost:8000"))[0] == 200
    assert (await knock(own_guard, "POST", origin=origin, host="127.0.0.1:8000"))[0] == 403


async def test_a_page_may_be_opened_from_anywhere(guard: Guard) -> None:
    status, _, _ = await knock(guard, origin="https://example.com", sec_fetch_site="cross-site")
    assert status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_length": str(BODY_LIMIT)}, 200),
        ({"content_length": str(BODY_LIMIT + 1)}, 413),
        ({"content_length": "-1"}, 400),
        ({"content_length": "1, 1"}, 400),
        ({"content_length": "\u00b2"}, 400),
        ({"cookie": "x" * (HEADER_LIMIT - len(f"cookiehost{HOST}"))}, 200),
        ({"cookie": "x" * (HEADER_LIMIT - len(f"cookiehost{HOST}") + 1)}, 431),
    ],
)
async def test_what_is_too_large_is_turned_away_unread(
    guard: Guard, inside: Inside, headers: dict[str, Any], status: int
) -> None:
    assert (await knock(guard, "POST", **headers))[0] == status
    assert bool(inside.entered) == (status == 200)


async def test_an_address_begins_with_a_slash(guard: Guard, inside: Inside) -> None:
    assert (await knock(guard, path="*"))[0] == 400
    assert inside.entered == []


async def test_who_is_turned_away_is_told_so_in_the_language_of_the_path(guard: Guard) -> None:
    for path, accepted, tag in (("/ar/x", "en", "ar"), ("/x", "en", "en"), ("/x", "de", "sv")):
        status, headers, body = await knock(
            guard, path=path, host="evil.example.com", accept_language=accepted
        )
        assert (status, body.decode()) == (400, f"{tag} 400")
        assert headers[b"cache-control"] == b"no-store"


async def test_what_lies_on_the_shelf_is_handed_out_at_the_door(
    guard: Guard, inside: Inside
) -> None:
    assert (await knock(guard, path="/sv/"))[2] == b"the start page"
    assert (await knock(guard, "HEAD", "/sv/"))[0] == 200
    assert (await knock(guard, path="/en/", query="bredvid=sv"))[2] == b"the start page alongside"
    assert inside.entered == []
    for method, path, query in (("GET", "/en/", ""), ("GET", "/sv/", "x=1"), ("POST", "/sv/", "")):
        assert (await knock(guard, method, path, query))[2] == b"inside"


async def test_an_edition_can_be_replaced_while_the_door_is_open(guard: Guard) -> None:
    assert (await knock(guard, path="/sv/"))[2] == b"the start page"
    new = Resources({"/sv/": lambda: resource("the new start page", "text/html")})
    guard.edition = replace(guard.edition, resources=new)
    assert (await knock(guard, path="/sv/"))[2] == b"the new start page"


async def test_inside_it_is_known_what_to_serve_from(guard: Guard, inside: Inside) -> None:
    await knock(guard)
    (scope,) = inside.entered
    assert scope["state"]["edition"] is guard.edition
    assert set(scope["state"]) == {"edition", "database", "settings"}


async def test_no_answer_lacks_what_protects_the_reader(guard: Guard) -> None:
    _, headers, body = await knock(guard)
    assert body == b"inside"
    usual = dict(SECURITY)
    assert headers.pop(b"referrer-policy") == b"no-referrer" != usual.pop(b"referrer-policy")
    assert headers == usual


async def test_what_breaks_is_an_error_page_and_a_line_that_names_nobody(
    guard: Guard, inside: Inside, caplog: pytest.LogCaptureFixture
) -> None:
    inside.breaks = ValueError("words of Anna Andersson")
    status, headers, body = await knock(guard, path="/ar/x")
    assert (status, body.decode()) == (500, "ar 500")
    assert set(SECURITY) <= set(headers.items())
    (line,) = caplog.records
    assert line.levelno == logging.ERROR
    assert line.getMessage().startswith("ValueError at test_guard.py:")
    assert "Anna" not in caplog.text


async def test_an_answer_that_has_begun_is_not_begun_again(guard: Guard, inside: Inside) -> None:
    inside.breaks = ValueError("too late")
    inside.answers_first = True
    status, _, body = await knock(guard)
    assert (status, body) == (200, b"inside")


async def test_a_reader_who_leaves_is_no_fault(
    guard: Guard, inside: Inside, caplog: pytest.LogCaptureFixture
) -> None:
    inside.breaks = ClientDisconnect()
    inside.answers_first = True
    await knock(guard, path="/sv/x")
    assert caplog.records == []


async def test_a_body_may_come_in_pieces_up_to_the_ceiling(guard: Guard) -> None:
    half = b"x" * (BODY_LIMIT // 2)
    assert (await knock(guard, "POST", bodies=(half, half, b"")))[0] == 200


async def test_more_than_the_ceiling_is_not_read_whatever_was_announced(
    guard: Guard, inside: Inside
) -> None:
    caught: list[HTTPException] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while True:
                await receive()
        except HTTPException as error:
            caught.append(error)
            await inside({**scope, "method": "GET"}, receive, send)

    guard.app = app
    await knock(guard, "POST", bodies=(b"x" * BODY_LIMIT, b"x", b"never read"))
    (error,) = caught
    assert error.status_code == 413


async def test_the_beginning_and_the_end_of_serving_pass_through(
    guard: Guard, inside: Inside
) -> None:
    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        assert message["type"].startswith("http")

    await guard({"type": "lifespan"}, receive, send)
    assert [scope["type"] for scope in inside.entered] == ["lifespan"]


async def test_a_page_that_cannot_be_built_is_left_to_the_application(guard: Guard) -> None:
    def broken() -> Resource:
        raise KeyError("a value")

    guard.edition = replace(guard.edition, resources=Resources({"/sv/": broken}))
    assert guard.ready(b"/sv/", [(b"host", HOST.encode())]) is None
    assert (await knock(guard, path="/sv/"))[2] == b"inside"
