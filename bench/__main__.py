"""``python3 dev.py bench [what] …``: measure, print tables, write bench/results.md."""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench import first_view, growth, mixed, soak
from bench.compare import compare, rows
from bench.load import WRK

RESULTS = Path(__file__).with_name("results.md")
MARK = "<!-- below: what limits it, written by hand -->\n"


def main() -> int:
    """Run the named benchmark; without a name, all but the soak."""
    if sys.platform != "linux":
        sys.exit("The benchmarks read CPU time from /proc and so need Linux.")
    arguments = _arguments()
    if not WRK:
        print("» wrk is not installed: a slower client of our own is used.", file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx may run as another user
        if arguments.what == "soak":
            return _print(soak.run(folder, arguments.minutes))
        if arguments.what == "growth":
            return _print(growth.run(folder))
        if arguments.what == "mixed":
            return _print(mixed.run(folder, arguments.rounds, arguments.seconds))
        if arguments.what == "first-view":
            return _print(first_view.run(folder))
        _store(_all(folder, arguments))
    return 0


def _all(folder: Path, arguments: argparse.Namespace) -> Iterator[str]:
    yield from _machine(arguments)
    reads, writes = compare(folder, arguments.rounds, arguments.seconds)
    yield "\n## Reads: one page, 32 connections"
    yield from rows(reads)
    yield "\n## Messages: accepted and on the disk"
    yield from rows(writes)
    yield "\n## Readers while others write"
    yield from mixed.run(folder, arguments.rounds, arguments.seconds)
    yield "\n## First view"
    yield from first_view.run(folder)
    yield "\n## Growth"
    yield from growth.run(folder)


def _machine(arguments: argparse.Namespace) -> Iterator[str]:
    yield "# Results\n"
    yield f"`python3 dev.py bench`, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC:"
    yield f"Python {platform.python_version()}, {os.cpu_count()} cores,"
    yield f"load {os.getloadavg()[0]:.1f} before the start, {'wrk' if WRK else 'own client'},"
    yield f"median of {arguments.rounds} interleaved rounds of {arguments.seconds:.0f} s."
    yield "“× portal” is CPU time of the whole process tree; compare nothing else between runs."


def _store(lines: Iterator[str]) -> None:
    """Print the figures and store them above what was written by hand."""
    text = ""
    for line in lines:
        print(line, flush=True)
        text += line + "\n"
    by_hand = RESULTS.read_text("utf-8").partition(MARK)[2] if RESULTS.exists() else ""
    RESULTS.write_text(f"{text}\n{MARK}{by_hand}", "utf-8")


def _print(lines: Iterator[str]) -> int:
    for line in lines:
        print(line, flush=True)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=main.__doc__)
    parser.add_argument("what", nargs="?", choices=["all", "soak", "growth", "mixed", "first-view"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--minutes", type=float, default=10.0, help="of the soak")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
