"""How long readers wait while others write: 256 connections read and 16 write at once."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench.compare import PAGE, PLAIN, middle, prepare, servers
from bench.load import Figures, Load, measure
from bench.servers import Server, started

MIXTURE = (Load(PAGE, 256, PLAIN), Load(PAGE, 16, (), "sv", 300))
NAMES = ("bare", "portal")


def run(folder: Path, rounds: int, seconds: float) -> Iterator[str]:
    """Reads and writes per second, and the 99th percentile of the time that readers wait."""
    prepare(folder)
    commands = servers(folder)
    rounds_by_name: dict[str, list[list[Figures]]] = {name: [] for name in NAMES}
    with ExitStack() as stack:
        running = {name: stack.enter_context(started(*commands[name], PAGE)) for name in NAMES}
        for number in range(rounds):
            print(f"» mixed: round {number + 1} of {rounds}", file=sys.stderr)
            for name, server in running.items():
                rounds_by_name[name].append(together(server, seconds))
    yield "\n| server | reads/s | writes/s | p99 of reads, ms | × bare |"
    yield "|---|--:|--:|--:|--:|"
    middles = {
        name: [middle(list(load_rounds)) for load_rounds in zip(*by_round, strict=True)]
        for name, by_round in rounds_by_name.items()
    }
    least = middles["bare"][0].p99
    for name, (reads, writes) in middles.items():
        waits = f"{reads.p99:.1f} | {reads.p99 / least:.2f}"
        yield f"| {name} | {reads.rate:,.0f} | {writes.rate:,.0f} | {waits} |"


def together(server: Server, seconds: float, mixture: tuple[Load, ...] = MIXTURE) -> list[Figures]:
    """Put several loads on a server at once, and return the figures of each."""
    with ThreadPoolExecutor(len(mixture)) as threads:
        return list(threads.map(partial(measure, server, seconds=seconds), mixture))
