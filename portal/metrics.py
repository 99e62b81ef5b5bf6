"""Figures for operators, in Prometheus' text format (prometheus.io, "Exposition formats").

``METRICS`` is the table of all metrics. To add a metric, add its row, and then either call
``count`` or ``observe`` where it happens, or register a function with ``gauge`` that reads
it. Every application has one ``Metrics``; a request finds it in ``Request.metrics``.

Labels come from fixed sets: names of routes, status codes, existing languages. What
a client sent is never a label, and no metric says anything about a person. A function that
is registered runs in the event loop at every scrape: it reads what is in memory, and asks
no database.

The figures are served by a small server of their own, on an address that readers do not
reach (``PORTAL_METRICS``).
"""

import asyncio
import logging
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import NamedTuple

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds; the upper bounds of the buckets of a histogram."""
PATIENCE = 5.0
"""Seconds that one scrape may take."""
LONGEST_REQUEST = 8192
"""Bytes of a scrape's request."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Samples = Mapping[tuple[str, ...], float]
"""Values by the values of the labels, in the order of the metric's row."""

log = logging.getLogger(__name__)


class Metric(NamedTuple):
    """A row of the table of figures."""

    kind: str
    """``counter``, ``gauge`` or ``histogram``."""
    meaning: str
    labels: tuple[str, ...] = ()


METRICS = {
    "portal_requests_total": Metric(
        "counter",
        "Responses by route and status; 429 is a sender who must wait",
        ("route", "status"),
    ),
    "portal_accept_seconds": Metric(
        "histogram", "Seconds from a checked message to its receipt, the wait in the queue included"
    ),
    "portal_commit_seconds": Metric(
        "histogram", "Seconds of one transaction of the writer, the wait for the disk included"
    ),
    "portal_queue_length": Metric("gauge", "Jobs that wait for the writer"),
    "portal_database_failing": Metric("gauge", "1 when the last write failed, else 0"),
    "portal_letter_age_seconds": Metric(
        "gauge", "How long the oldest unsent letter has been due; 0 for none"
    ),
    "portal_letters_failed": Metric("gauge", "Letters that could not be delivered"),
    "portal_catalog_coverage_ratio": Metric(
        "gauge", "Share of the texts of all pages that is shown in a language", ("language",)
    ),
    "portal_catalog_faults": Metric(
        "gauge", "Texts left out of a catalog because of an error", ("language",)
    ),
    "portal_build_info": Metric(
        "gauge", "Always 1; the labels say what runs", ("version", "python")
    ),
}
"""Every metric by its name, in the order in which they are shown."""


class Metrics:
    """The figures of one application."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
        self._functions: dict[str, Callable[[], Samples | float]] = {}
        self._durations = {
            name: Durations() for name, metric in METRICS.items() if metric.kind == "histogram"
        }

    def count(self, name: str, *labels: str) -> None:
        """Count one more.

        Args:
            name: of a counter.
            labels: their values, in the order of the metric's row.
        """
        self._counts[name][labels] += 1

    def observe(self, name: str, seconds: float) -> None:
        """Add a duration to a histogram."""
        self._durations[name].add(seconds)

    def gauge(self, name: str, read: Callable[[], Samples | float]) -> None:
        """Register a function that is asked for a metric at every scrape.

        Args:
            name: of a gauge; or of a counter, to whose counts the function's are added.
            read: gives the value, or the value for each combination of labels.
        """
        self._functions[name] = read

    def text(self) -> str:
        """All figures that have a value, in Prometheus' text format."""
        return "".join(line + "\n" for name in METRICS for line in self._lines(name))

    def _lines(self, name: str) -> Iterator[str]:
        metric = METRICS[name]
        if metric.kind == "histogram":
            lines = [*self._durations[name].lines(name)]
        else:
            lines = [
                f"{name}{_braces(metric.labels, labels)} {value:.15g}"
                for labels, value in sorted(self._samples(name).items())
            ]
        if lines:
            yield f"# HELP {name} {metric.meaning}"
            yield f"# TYPE {name} {metric.kind}"
            yield from lines

    def _samples(self, name: str) -> Samples:
        samples: defaultdict[tuple[str, ...], float] = defaultdict(float, self._counts[name])
        if read := self._functions.get(name):
            value = read()
            for labels, number in (value if isinstance(value, Mapping) else {(): value}).items():
                samples[labels] += number
        return samples


class Durations:
    """A histogram: how many took how long, and their sum."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        """Count a duration in its bucket."""
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self._sum += seconds

    def lines(self, name: str) -> Iterator[str]:
        """Its samples; each bucket includes the smaller ones."""
        total = 0
        for bound, count in zip([*BOUNDS, "+Inf"], self._counts, strict=True):
            total += count
            yield f'{name}_bucket{{le="{bound}"}} {total}'
        yield f"{name}_sum {self._sum:.9g}"
        yield f"{name}_count {total}"


def _braces(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    pairs = [f'{name}="{value}"' for name, value in zip(names, values, strict=True)]
    return f"{{{','.join(pairs)}}}" if pairs else ""


@asynccontextmanager
async def serving(metrics: Metrics, address: tuple[str, int] | None) -> AsyncIterator[None]:
    """Serve ``/metrics`` until the end of the block.

    An address that cannot be used is logged and stops nothing: readers need no figures.

    Args:
        metrics: the figures.
        address: host and port; None for nowhere.
    """
    if address is None:
        yield
        return
    try:
        respond = partial(_respond, metrics)
        server = await asyncio.start_server(respond, *address, limit=LONGEST_REQUEST)
    except OSError as error:
        log.error("PORTAL_METRICS: no figures are served: %s", error.strerror)
        yield
        return
    async with server:
        yield


async def _respond(
    metrics: Metrics, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer one scrape and close the connection."""
    try:
        async with asyncio.timeout(PATIENCE):
            head = await reader.readuntil(b"\r\n\r\n")
            is_scrape = head.startswith((b"GET /metrics ", b"GET /metrics?"))
            status, body = ("200 OK", metrics.text()) if is_scrape else ("404 Not Found", "")
            headers = f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body.encode())}"
            writer.write(
                f"HTTP/1.1 {status}\r\n{headers}\r\nConnection: close\r\n\r\n{body}".encode()
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError):
        pass
    finally:
        writer.close()
