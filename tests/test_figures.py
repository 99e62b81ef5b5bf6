"""What an operator sees of a running portal: its figures, and whether it is ready."""

import json
import re
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.types import Message

from portal import __version__
from portal.i18n.languages import discover
from portal.settings import DATA, Settings
from portal.web.app import create_app
from tests.conftest import Running, Serve
from tests.unit.commands.test_serve import free_port
from tests.unit.test_metrics import scrape
from tests.visitor import Visitor

NO_DATABASE = "postgresql://portal@127.0.0.1:1/none"


@pytest.fixture
async def client(portal: Running) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=portal.address) as client:
        yield client


@pytest.mark.parametrize("fast_path", ["on", "off"])
async def test_responses_are_counted_by_route_and_status(serve: Serve, fast_path: str) -> None:
    port = free_port()
    with serve(PORTAL_METRICS=f"127.0.0.1:{port}", PORTAL_FAST_PATH=fast_path) as portal:
        visitor = Visitor(portal.address)
        for path in ("/sv/kontakt", "/ar/kontakt", "/ar/kontakt?bredvid=sv", "/en/ordlista"):
            etag = (await visitor.get(path)).response.headers["etag"]
            await visitor.client.get(path, headers={"if-none-match": etag})
        for path in ("/sv/hemlig", "/hemlig", "/sv/kontakt/hemlig"):
            await visitor.get(path, 404)
        await visitor.send("ar", message="hemlig")
        await visitor.client.post("/sv/kontakt", headers={"sec-fetch-site": "cross-site"})
        text = await scrape(port)
        await visitor.client.aclose()
    counts = re.findall(r'^portal_requests_total\{route="(.+)",status="(.+)"\} (\d+)', text, re.M)
    assert sorted(counts) == [
        ("/{l}/arende/{case}", "200", "1"),
        ("/{l}/kontakt", "200", "3"),
        ("/{l}/kontakt", "303", "1"),
        ("/{l}/kontakt", "304", "3"),
        ("/{l}/kontakt", "403", "1"),
        ("/{l}/ordlista", "200", "1"),
        ("/{l}/ordlista", "304", "1"),
        ("other", "404", "3"),
    ]
    assert "portal_accept_seconds_count 1\n" in text
    assert 'portal_catalog_coverage_ratio{language="ar"} 1\n' in text
    assert f'portal_build_info{{version="{__version__}"' in text
    assert "hemlig" not in text


async def test_what_the_protocol_refuses_is_counted_too(serve: Serve) -> None:
    port = free_port()
    with serve(PORTAL_METRICS=f"127.0.0.1:{port}") as portal:
        await scrape(int(portal.address.rpartition(":")[2]), b"nonsense\r\n\r\n")
        assert 'portal_requests_total{route="other",status="400"} 1\n' in await scrape(port)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.3.7:8000"])
async def test_a_portal_that_serves_is_ready(client: httpx2.AsyncClient, host: str) -> None:
    response = await client.get("/readyz", headers={"host": host})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.json() == {
        "status": "ready",
        "messages": "ok",
        "letters": "ok",
        "catalogs": dict.fromkeys(discover(DATA / "locales"), 1.0),
        "version": __version__,
    }


async def test_a_portal_without_its_database_is_ready_for_readers(serve: Serve) -> None:
    port = free_port()
    environment = {"DATABASE_URL": NO_DATABASE, "PORTAL_METRICS": f"127.0.0.1:{port}"}
    with serve(**environment) as portal:
        visitor = Visitor(portal.address)
        await visitor.post("/sv/kontakt", {"message": "hej"}, 503)
        response = await visitor.client.get("/readyz")
        assert (response.status_code, response.json()["messages"]) == (200, "failing")
        await visitor.get("/sv/")
        assert "portal_database_failing 1\n" in await scrape(port)
        await visitor.client.aclose()


async def test_a_portal_that_has_not_started_is_not_ready() -> None:
    app = create_app(Settings(database_url=NO_DATABASE, secret_key=b"k" * 32))
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/readyz", "raw_path": b"/readyz"}
    await app({**scope, "query_string": b"", "headers": []}, receive, send)
    start, body = sent
    assert start["status"] == 503
    assert json.loads(body["body"])["status"] == "starting"
