"""How long readers wait while others write: 256 connections read and 16 write at once."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench.compare import BROTLI, PAGE, commands, medians, prepare
from bench.load import Figures, Load, measure
from bench.servers import Server, started

MIXTURE = (Load(PAGE, 256, BROTLI), Load(PAGE, 16, script="sv", characters=300))
NAMES = ("bare", "portal")


def run(folder: Path, rounds: int, seconds: float) -> Iterator[str]:
    """Reads and writes a second, and how long the slowest of a hundred reads takes."""
    prepare(folder)
    start = commands(folder)
    samples: dict[str, list[list[Figures]]] = {name: [] for name in NAMES}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(started(*start[name], PAGE)) for name in NAMES}
        for number in range(rounds):
            print(f"» mixed: round {number + 1} of {rounds}", file=sys.stderr)
            for name, server in servers.items():
                samples[name].append(measure_together(server, seconds))
    yield "\n| server | reads/s | writes/s | p99 of reads, ms | × bare |"
    yield "|---|--:|--:|--:|--:|"
    results = {
        name: [medians(list(figures)) for figures in zip(*rows, strict=True)]
        for name, rows in samples.items()
    }
    bare = results["bare"][0].p99
    for name, (reads, writes) in results.items():
        ratio = f"{reads.p99 / bare:.2f}" if bare else "–"
        p99 = f"{reads.p99:.1f} | {ratio}"
        yield f"| {name} | {reads.rate:,.0f} | {writes.rate:,.0f} | {p99} |"


def measure_together(
    server: Server, seconds: float, mixture: tuple[Load, ...] = MIXTURE
) -> list[Figures]:
    """Put several loads on a server at once; gives the figures of each."""
    with ThreadPoolExecutor(len(mixture)) as threads:
        return list(threads.map(partial(measure, server, seconds=seconds), mixture))
