"""A long run under mixed load: memory and open descriptors must not grow."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.load import Load
from bench.mixed import together
from bench.servers import portal, started

STEP = 20
MIXTURE = (
    Load("/sv/kontakt", 256, ("Accept-Encoding: br",)),
    Load("/ar/", 16, ("If-None-Match: *",)),
    Load("/en/kontakt?kind=praise", 8),
    Load("/sv/kontakt", 16, (), "sv", 300),
)


def run(folder: Path, minutes: float) -> Iterator[str]:
    """Rates, memory and open descriptors after each step."""
    command, environment = portal(folder)
    until = time.monotonic() + minutes * 60
    yield "| minute | reads/s | messages/s | MB | descriptors |"
    yield "|--:|--:|--:|--:|--:|"
    begun = time.monotonic()
    with started(command, environment, "/sv/") as server:
        while time.monotonic() < until:
            print(f"» {(until - time.monotonic()) / 60:.1f} minutes left", file=sys.stderr)
            step = min(STEP, max(1, until - time.monotonic()))
            figures = together(server, step, MIXTURE)
            minute = (time.monotonic() - begun) / 60
            time.sleep(7)  # until idle connections are closed
            yield (
                f"| {minute:.1f} | {figures[0].rate:,.0f} | {figures[-1].rate:,.0f}"
                f" | {server.memory():.0f} | {server.descriptors()} |"
            )
