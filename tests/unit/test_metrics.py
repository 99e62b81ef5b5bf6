"""Figures in Prometheus' text format, and the small server that a scrape meets."""

import asyncio
import re

import pytest

from portal.metrics import METRICS, Metrics, serving
from portal.settings import CHECKOUT
from tests.unit.commands.test_serve import free_port

SAMPLE = re.compile(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+')


async def scrape(port: int, request: bytes = b"GET /metrics HTTP/1.1\r\n\r\n") -> str:
    """Send a request, and return the response until the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    response = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return response.decode()


def test_a_counter_has_a_sample_for_each_combination_of_labels() -> None:
    metrics = Metrics()
    for status in ("200", "404", "200"):
        metrics.count("portal_requests_total", "/{l}/", status)
    metrics.gauge("portal_requests_total", lambda: {("/{l}/", "404"): 5, ("/static", "200"): 7})
    assert [line for line in metrics.text().splitlines() if line.startswith("portal_req")] == [
        'portal_requests_total{route="/static",status="200"} 7',
        'portal_requests_total{route="/{l}/",status="200"} 2',
        'portal_requests_total{route="/{l}/",status="404"} 6',
    ]


def test_a_histogram_counts_each_duration_in_every_bucket_that_holds_it() -> None:
    metrics = Metrics()
    for seconds in (0.001, 0.02, 99.0):
        metrics.observe("portal_commit_seconds", seconds)
    lines = metrics.text().splitlines()
    assert 'portal_commit_seconds_bucket{le="0.001"} 1' in lines
    assert 'portal_commit_seconds_bucket{le="0.025"} 2' in lines
    assert 'portal_commit_seconds_bucket{le="10.0"} 2' in lines
    assert 'portal_commit_seconds_bucket{le="+Inf"} 3' in lines
    assert "portal_commit_seconds_sum 99.021" in lines
    assert "portal_commit_seconds_count 3" in lines


def test_every_line_is_in_the_text_format() -> None:
    metrics = Metrics()
    metrics.gauge("portal_queue_length", lambda: 3)
    metrics.gauge("portal_database_failing", lambda: False)
    metrics.count("portal_requests_total", "other", "404")
    for line in metrics.text().splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) portal_[a-z_]+ .+", line) or SAMPLE.fullmatch(line)


def test_the_operators_document_names_every_figure() -> None:
    listed = re.findall(
        r"^\| `(portal_[a-z_]+)`", (CHECKOUT / "docs/operating.md").read_text("utf-8"), re.MULTILINE
    )
    assert listed == [*METRICS]


async def test_a_scrape_gets_the_figures_and_anything_else_nothing() -> None:
    metrics, port = Metrics(), free_port()
    metrics.gauge("portal_queue_length", lambda: 3)
    async with serving(metrics, ("127.0.0.1", port)):
        response = await scrape(port)
        assert response.startswith("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4")
        assert "\nportal_queue_length 3\n" in response
        for request in (b"GET / HTTP/1.1\r\n\r\n", b"POST /metrics HTTP/1.1\r\n\r\n"):
            assert (await scrape(port, request)).startswith("HTTP/1.1 404 ")
        assert await scrape(port, b"x" * 100_000) == ""
    with pytest.raises(ConnectionRefusedError):
        await scrape(port)


async def test_an_address_that_is_taken_is_logged_and_stops_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    address = ("127.0.0.1", free_port())
    async with serving(Metrics(), address), serving(Metrics(), address):
        assert "PORTAL_METRICS: no figures are served" in caplog.text
