"""A long mixed run: memory and descriptors must stay constant."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.load import Load
from bench.mixed import measure_together
from bench.servers import portal, started

STEP = 20
"""Seconds of load between two rows."""
QUIET = 7
"""Seconds until idle connections are closed."""
MIXTURE = (
    Load("/sv/kontakt", 256, ("Accept-Encoding: br",)),
    Load("/ar/", 16, ("If-None-Match: *",)),
    Load("/en/kontakt?kind=praise", 8),
    Load("/sv/kontakt", 16, script="sv", characters=300),
)


def run(folder: Path, minutes: float) -> Iterator[str]:
    """Memory and descriptors, step by step."""
    command, environment = portal(folder)
    yield "| minute | reads/s | messages/s | MB | descriptors |"
    yield "|--:|--:|--:|--:|--:|"
    begun = time.monotonic()
    until = begun + minutes * 60
    with started(command, environment, "/sv/") as server:
        while (left := until - time.monotonic()) > 0:
            print(f"» {left / 60:.1f} minutes left", file=sys.stderr)
            figures = measure_together(server, min(STEP, max(1, left)), MIXTURE)
            minute = (time.monotonic() - begun) / 60
            time.sleep(QUIET)
            yield (
                f"| {minute:.1f} | {figures[0].rate:,.0f} | {figures[-1].rate:,.0f}"
                f" | {server.memory():.0f} | {server.descriptors()} |"
            )
