"""What commands share: how one is added to the parser, and how it reports.

Lines go to standard output, faults to standard error, and JSON is for programs.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from portal.settings import Settings

FAULT = 1
"""The exit code of a command that found a fault."""


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[Settings, argparse.Namespace], int],
    about: str,
) -> argparse.ArgumentParser:
    """Add a command, what runs it and what its help says; gives its parser."""
    parser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(run=run)
    return parser


def report(*faults: str) -> int:
    """Print faults on standard error; gives the exit code."""
    print(*faults, sep="\n", file=sys.stderr)
    return FAULT


def print_json(rows: Sequence[dict[str, Any]] | dict[str, Any]) -> None:
    """Print what a program is to read."""
    print(json.dumps(rows, ensure_ascii=False, indent=2))
