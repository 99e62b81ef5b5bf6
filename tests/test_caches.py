"""Caches and CDNs are told what docs/scale.md says they are told."""

import re

import pytest

from portal.settings import CHECKOUT
from tests.visitor import Visitor

ROWS = {
    what: (re.findall(r"`([^`]+)`", control)[0], re.findall(r"`([^`]+)`", vary))
    for what, control, _, vary in re.findall(
        r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$",
        (CHECKOUT / "docs/scale.md").read_text("utf-8").partition("## What a CDN takes")[2],
        re.MULTILINE,
    )
    if "`" in control
}
"""The value of Cache-Control and the names in Vary, for each kind of response."""


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Pages", "/sv/"),
        ("Pages", "/ar/kontakt"),
        ("Pages", "/sitemap.xml"),
        ("Pages", "/robots.txt"),
        ("`/`", "/"),
        ("Cases", "/sv/arende/2222222-22222222222222222222"),
        ("Cases", "/en/nothing"),
        ("Cases", "/livez"),
        ("Cases", "/readyz"),
        ("Cases", "/inbox"),
    ],
)
async def test_caches_are_told_what_the_page_says(visitor: Visitor, kind: str, path: str) -> None:
    (row,) = (row for what, row in ROWS.items() if what.startswith(kind))
    control, vary = row
    response = await visitor.client.get(path)
    assert response.headers["cache-control"] == control
    assert {*vary} <= {*re.split(", *", response.headers.get("vary", ""))}
    has_body = not response.is_redirect
    assert ("etag" in response.headers) == (has_body and control == "no-cache")
    assert "set-cookie" not in response.headers


async def test_files_with_a_changing_name_are_kept_for_a_year(visitor: Visitor) -> None:
    page = await visitor.client.get("/sv/")
    files = {*re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)}
    (row,) = (row for what, row in ROWS.items() if what.startswith("Style sheets"))
    assert files
    for path in files:
        response = await visitor.client.get(path)
        assert response.headers["cache-control"] == row[0]
        assert "etag" in response.headers


async def test_a_file_of_another_version_is_the_one_that_the_node_has(visitor: Visitor) -> None:
    style = "/static/portal.0123456789ab.css"
    response = await visitor.client.get(style, follow_redirects=True)
    assert (response.status_code, response.url.path) == (200, "/static/portal.css")
    assert response.headers["cache-control"] == response.history[0].headers["cache-control"]
    assert response.headers["cache-control"] == "no-cache"
    for missing in ("/static/nothing.0123456789ab.css", "/static/portal.0123456789a.css"):
        assert (await visitor.client.get(missing)).status_code == 404


async def test_the_answer_to_a_form_is_for_one_browser(visitor: Visitor) -> None:
    (row,) = (row for what, row in ROWS.items() if what.startswith("The answer to a form"))
    response = await visitor.client.post("/sv/kontakt", data={"message": ""})
    assert response.headers["cache-control"] == row[0]
    assert "etag" not in response.headers
