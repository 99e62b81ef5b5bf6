"""Messages on PostgreSQL, by one node and by two: what one database takes.

Nodes write in turns, so the second adds what it does besides writing. Everything shares this
machine's cores, the database too: on machines of their own they do better.
"""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from statistics import median

from bench.compare import PAGE
from bench.load import Figures, Load, measure
from bench.servers import ROOT, portal, started

SENDERS = (1, 64, 256)
COUNTS = (1, 2)


def run(url: str, rounds: int, seconds: float) -> Iterator[str]:
    """Messages a second by nodes and senders, and how long the slowest of a hundred takes.

    Args:
        url: of an empty PostgreSQL database.
        rounds: of which the median is taken.
        seconds: how long one measurement lasts.
    """
    environment = {"DATABASE_URL": url, "PORTAL_SECRET_KEY": "k" * 32}
    command, settings = portal(ROOT / "var", **environment)
    upgrade = [sys.executable, "-m", "portal", "db", "upgrade"]
    subprocess.run(upgrade, env={**settings, "PYTHONPATH": str(ROOT)}, cwd=ROOT, check=True)
    yield "\n| nodes | senders | messages/s | p99 ms | µs CPU of a node |"
    yield "|--:|--:|--:|--:|--:|"
    for count in COUNTS:
        with ExitStack() as stack:
            nodes = [stack.enter_context(started(command, settings, PAGE)) for _ in range(count)]
            for senders in SENDERS:
                load = Load(PAGE, max(1, senders // count), script="sv", characters=300)
                samples: list[list[Figures]] = []
                for _ in range(rounds):
                    with ThreadPoolExecutor(count) as threads:
                        ask = partial(measure, load=load, seconds=seconds)
                        samples.append(list(threads.map(ask, nodes)))
                yield _row(count, senders, samples)


def _row(count: int, senders: int, samples: list[list[Figures]]) -> str:
    rate = median(sum(figures.rate for figures in row) for row in samples)
    p99 = median(max(figures.p99 for figures in row) for row in samples)
    cpu = median(figures.cpu for row in samples for figures in row)
    return f"| {count} | {senders} | {rate:,.0f} | {p99:.1f} | {cpu:.1f} |"
