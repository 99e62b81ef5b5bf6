"""Every refusal is a page in the language of the path, with the phone number."""

import asyncio

import pytest

from portal.web.public.errors import STATUSES
from tests.conftest import Running, Serve
from tests.visitor import Visitor, checked

HEADINGS = {
    "sv": "Sidan finns inte",
    "en": "The page does not exist",
    "ar": "الصفحة غير موجودة",
}


@pytest.mark.parametrize("tag", HEADINGS)
async def test_what_is_not_there_is_said_in_the_language_of_the_path(
    visitor: Visitor, tag: str
) -> None:
    visit = await visitor.get(f"/{tag}/finns-inte", 404)
    assert visit.heading == HEADINGS[tag]
    assert "031-365 09 60" in visit.one("main").itertext()
    assert visit.response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/saknas", "/de/kontakt", "/%00", "/svenska/"])
async def test_a_path_without_a_language_is_answered_in_the_browsers(
    visitor: Visitor, path: str
) -> None:
    visit = await visitor.get(path, 404, accept_language="ar")
    assert visit.language == "ar"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize(("path", "allowed"), [("/en/ordlista", "GET"), ("/en/kontakt", "POST")])
async def test_a_page_says_how_it_may_be_used(
    visitor: Visitor, method: str, path: str, allowed: str
) -> None:
    if (method, path) == ("POST", "/en/kontakt"):
        method = "OPTIONS"
    answer = await visitor.client.request(method, path)
    checked(answer, 405)
    assert allowed in answer.headers["allow"]


async def test_heads_have_no_body(visitor: Visitor) -> None:
    for path in ("/sv/", "/sv/saknas"):
        full, head = await visitor.client.get(path), await visitor.client.head(path)
        assert head.content == b""
        assert head.status_code == full.status_code
        assert head.headers["content-type"] == full.headers["content-type"]


async def test_every_error_page_is_printed_in_every_language(portal: Running) -> None:
    errors = portal.app.edition.errors
    for tag in HEADINGS:
        pages = {errors.page(status, _scope(f"/{tag}/x")).text for status in STATUSES}
        assert len(pages) == len(STATUSES)
    assert errors.page(418, _scope("/sv/x")).status == 400


def _scope(path: str) -> dict[str, object]:
    return {"path": path, "headers": []}


async def test_what_breaks_ends_in_a_page_and_a_log_without_words(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    with serve() as portal:
        visitor = Visitor(portal.address)

        async def broken(*_: object) -> None:
            raise RuntimeError("hemligt@example.org")

        portal.app._state["database"].write_together = broken  # type: ignore[attr-defined]
        answer = await visitor.client.post("/en/kontakt", data={"message": "mina ord"})
        assert checked(answer, 500).language == "en"
        await visitor.client.aclose()
    assert "RuntimeError" in caplog.text
    assert "hemligt" not in caplog.text
    assert "mina ord" not in caplog.text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "a b", "[::1]x"])
async def test_only_our_own_hosts_are_answered(visitor: Visitor, host: str) -> None:
    checked(await visitor.client.get("/sv/", headers={"host": host}), 400)


async def test_a_request_with_too_many_headers_is_refused(visitor: Visitor) -> None:
    answer = await visitor.client.get("/sv/", headers={"x": "y" * 20_000})
    assert answer.status_code == 400


async def test_many_readers_at_once_each_get_their_own_language(visitor: Visitor) -> None:
    tags = ["sv", "en", "ar"] * 60
    visits = await asyncio.gather(*(visitor.get(f"/{tag}/saknas", 404) for tag in tags))
    assert [visit.language for visit in visits] == tags
