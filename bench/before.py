"""This checkout beside an older one, in one interleaved run.

Both are copied and started only as ``python -m portal serve``, so their modules may have
other names. The packages are those of this checkout. A ratio below 1 is a gain.
"""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from statistics import median

from bench.compare import EMAIL, PAGE, READS, measure_all
from bench.copies import copy_checkout
from bench.growth import seconds_until_shown
from bench.load import Load
from bench.servers import ROOT, Server, portal, started
from portal.i18n.languages import CATALOG

MESSAGES = {
    f"message{address}, {connections} connections": Load(
        PAGE, connections, script="sv", characters=300, email=email
    )
    for connections in (64, 256)
    for address, email in (("", ""), (" with an address", EMAIL))
}
FROM_START = ("start, s", "memory at the start, MB", "SIGHUP to a saved text, s")


def run(folder: Path, checkout: Path, rounds: int, seconds: float) -> Iterator[str]:
    """The figures of both checkouts and their ratios.

    Args:
        folder: for the copies and their databases.
        checkout: the older one.
        rounds: of which the median is taken.
        seconds: how long one measurement of CPU time lasts.
    """
    copies = {
        "before": copy_checkout(checkout, folder / "before"),
        "after": copy_checkout(ROOT, folder / "after"),
    }
    yield "\n| | before | after | after / before |"
    yield "|---|--:|--:|--:|"
    yield from _under_load(copies, rounds, seconds)
    yield from _from_start(copies, rounds)


def _under_load(copies: dict[str, Path], rounds: int, seconds: float) -> Iterator[str]:
    with ExitStack() as stack:
        usual = {name: stack.enter_context(_start(copy)) for name, copy in copies.items()}
        slow = {
            name: stack.enter_context(_start(copy, PORTAL_FAST_PATH="off"))
            for name, copy in copies.items()
        }
        table = measure_all(usual, READS, rounds, seconds)
        table |= measure_all(slow, {"page, fast path off": READS["page"]}, rounds, seconds)
        table |= measure_all(usual, MESSAGES, rounds, seconds)
        for load, figures in table.items():
            yield _row(f"{load}, µs CPU", figures["before"].cpu, figures["after"].cpu)
        yield _row("memory after load, MB", *(server.memory() for server in usual.values()))


def _from_start(copies: dict[str, Path], rounds: int) -> Iterator[str]:
    """What is measured once at each start, on the databases that the load has filled."""
    samples: dict[str, list[tuple[float, ...]]] = {name: [] for name in copies}
    for number in range(rounds):
        print(f"» start: round {number + 1} of {rounds}", file=sys.stderr)
        for name, copy in copies.items():
            with _start(copy) as server:
                memory = server.memory()
                shown = seconds_until_shown(
                    server, copy / "locales" / "en" / CATALOG, announce=True
                )
                samples[name].append((server.start_seconds, memory, shown))
    for index, figure in enumerate(FROM_START):
        yield _row(figure, *(median(row[index] for row in rows) for rows in samples.values()))


def _start(copy: Path, **environment: str) -> AbstractContextManager[Server]:
    database = copy / f"database-{'-'.join(environment.values())}"
    return started(*portal(database, **environment), PAGE, copy)


def _row(figure: str, before: float, after: float) -> str:
    return f"| {figure} | {before:.3g} | {after:.3g} | {after / before:.2f} |"
