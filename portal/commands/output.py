"""How a command reports: lines on standard output, faults on standard error, JSON lists."""

import json
import sys
from collections.abc import Sequence
from typing import Any

FAULT = 1
"""The exit code of a command that found a fault."""


def report(*faults: str) -> int:
    """Print faults on standard error; gives the exit code."""
    print(*faults, sep="\n", file=sys.stderr)
    return FAULT


def print_json(rows: Sequence[dict[str, Any]] | dict[str, Any]) -> None:
    """Print what a program is to read."""
    print(json.dumps(rows, ensure_ascii=False, indent=2))
