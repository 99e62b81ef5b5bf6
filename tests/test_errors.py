"""Every refusal is a page in the language of the path, with the phone number."""

import pytest

from portal.web.public.errors import STATUSES
from tests.conftest import Running
from tests.visitor import Visitor, checked

HEADINGS = {
    "sv": "Sidan finns inte",
    "en": "The page does not exist",
    "ar": "الصفحة غير موجودة",
}


@pytest.mark.parametrize("tag", HEADINGS)
async def test_a_missing_page_is_reported_in_the_language_of_the_path(
    visitor: Visitor, tag: str
) -> None:
    visit = await visitor.get(f"/{tag}/finns-inte", 404)
    assert visit.heading == HEADINGS[tag]
    assert "031-365 09 60" in visit.only("main").itertext()
    assert visit.response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/saknas", "/de/kontakt", "/%00", "/svenska/"])
async def test_a_path_without_a_language_is_answered_in_that_of_the_browser(
    visitor: Visitor, path: str
) -> None:
    visit = await visitor.get(path, 404, accept_language="ar")
    assert visit.language == "ar"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize(("path", "allowed"), [("/en/ordlista", "GET"), ("/en/kontakt", "POST")])
async def test_a_refused_method_is_answered_with_the_allowed_ones(
    visitor: Visitor, method: str, path: str, allowed: str
) -> None:
    if (method, path) == ("POST", "/en/kontakt"):
        method = "OPTIONS"
    response = await visitor.client.request(method, path)
    checked(response, 405)
    assert allowed in response.headers["allow"]


async def test_a_head_request_gets_the_headers_without_the_body(visitor: Visitor) -> None:
    for path in ("/sv/", "/sv/saknas"):
        full, head = await visitor.client.get(path), await visitor.client.head(path)
        assert head.content == b""
        assert head.status_code == full.status_code
        assert head.headers["content-type"] == full.headers["content-type"]


async def test_every_error_has_a_page_of_its_own_in_every_language(portal: Running) -> None:
    errors = portal.app.edition.errors
    for tag in HEADINGS:
        language = portal.app.edition.languages[tag]
        pages = {errors.page(status, language).text for status in STATUSES}
        assert len(pages) == len(STATUSES)
    assert errors.page(418, language).status == 400
