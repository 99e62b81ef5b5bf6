"""``python3 dev.py bench [part]``: measure, print tables, save those of a full run.

A full run is all parts but the soak, the nodes, the comparison with another checkout and
``fill``, which only makes a database of many cases to try things with. Its tables are
written to bench/results.md.
"""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench import before, compare, first_view, growth, letters, mixed, nodes, soak
from bench.filling import fill
from bench.load import WRK

RESULTS = Path(__file__).with_name("results.md")
MARK = "<!-- Everything below is written by hand; a run leaves it as it is. -->\n"
HEADINGS = {
    "peers": "",  # it has two headings of its own
    "mixed": "\n## Readers while others write",
    "first-view": "\n## First view",
    "growth": "\n## Growth",
    "letters": "\n## Letters",
}
"""The parts of a full run, in order."""


def main() -> int:
    """Run one part, or all parts of a full run."""
    if sys.platform != "linux":
        sys.exit("The benchmarks read CPU time from /proc and so need Linux.")
    arguments = _arguments()
    rounds, seconds = arguments.rounds, arguments.seconds
    if not WRK:
        print("» wrk is not installed: a slower client in Python is used.", file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx may run as another user
        parts: dict[str, Callable[[], Iterator[str]]] = {
            "peers": partial(compare.run, folder, rounds, seconds),
            "mixed": partial(mixed.run, folder, rounds, seconds),
            "first-view": partial(first_view.run, folder),
            "growth": partial(growth.run, folder),
            "letters": partial(letters.run, folder),
            "soak": partial(soak.run, folder, arguments.minutes),
            "nodes": partial(nodes.run, arguments.database, rounds, seconds),
            "before": partial(before.run, folder, arguments.path, rounds, seconds),
            "fill": partial(_fill, arguments.path, arguments.cases),
        }
        if arguments.part != "all":
            _print(parts[arguments.part]())
            return 0
        lines = _print(_machine(rounds, seconds))
        for part, heading in HEADINGS.items():
            lines += _print(iter([heading])) + _print(parts[part]())
    by_hand = RESULTS.read_text("utf-8").partition(MARK)[2]
    RESULTS.write_text("\n".join(lines) + f"\n\n{MARK}{by_hand}", "utf-8")
    return 0


def _fill(path: Path, count: int) -> Iterator[str]:
    yield f"Cookie: inbox={fill(path, count)}"


def _machine(rounds: int, seconds: float) -> Iterator[str]:
    yield "# Results\n"
    yield f"`python3 dev.py bench`, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC:"
    yield f"Python {platform.python_version()}, {os.cpu_count()} cores,"
    yield f"load {os.getloadavg()[0]:.1f} before the start, {'wrk' if WRK else 'Python client'},"
    yield f"median of {rounds} interleaved rounds of {seconds:g} s."
    yield "“× portal” is CPU time of the process tree; compare nothing else between runs."


def _print(lines: Iterator[str]) -> list[str]:
    """Print lines as they come; gives them all."""
    printed = []
    for line in lines:
        print(line, flush=True)
        printed.append(line)
    return printed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=main.__doc__)
    parts = ["all", *HEADINGS, "soak", "nodes", "before", "fill"]
    parser.add_argument("part", nargs="?", choices=parts, default="all")
    parser.add_argument(
        "path",
        nargs="?",
        type=Path,
        metavar="PATH",
        help="with before: the older checkout; with fill: the SQLite file to make",
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--minutes", type=float, default=10.0, help="of the soak")
    parser.add_argument("--database", metavar="URL", help="of nodes: an empty PostgreSQL database")
    parser.add_argument("--cases", type=int, default=1_000_000, help="in the file to fill")
    arguments = parser.parse_args()
    if (arguments.part == "nodes") != bool(arguments.database):
        parser.error("nodes needs --database, and nothing else takes one")
    if (arguments.part in {"before", "fill"}) != bool(arguments.path):
        parser.error("before and fill need a path, and nothing else takes one")
    if arguments.part == "before" and not (arguments.path / "portal").is_dir():
        parser.error(f"{arguments.path} is not a checkout of the portal")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
