"""What all commands share: adding them to the parser, settings and log, output."""

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias
from unicodedata import category

from portal.content.hours import ZONE
from portal.logs import open_log
from portal.settings import Settings

FAULT = 1
"""The exit code for a fault."""
USAGE = 2
"""The exit code for arguments that cannot be understood, as argparse uses it."""

Parsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""The type of what argparse adds commands to."""
Run = Callable[[argparse.Namespace], int]
"""Runs a command with its arguments, and returns the exit code."""


def add_group(nouns: Parsers, name: str, about: str) -> Parsers:
    """Add a noun with several commands; returns the group to add them to."""
    parser = nouns.add_parser(name, help=about, description=about)
    return parser.add_subparsers(required=True, metavar="command")


def add_command(commands: Parsers, name: str, run: Run) -> argparse.ArgumentParser:
    """Add a command; the first line of its docstring is its help.

    Args:
        commands: those of the program, or of a group.
        name: what the operator types.
        run: the function that is called.
    """
    about = (run.__doc__ or "").partition("\n")[0]
    parser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(run=run)
    return parser


def read_settings() -> Settings:
    """Read the settings, and open the log as they say.

    Raises:
        SettingsError: when some cannot be used.
    """
    settings = Settings.read()
    open_log(settings)
    return settings


class Fault(NamedTuple):
    """A fault and its remedy."""

    subject: str
    """One word, such as ``database`` or ``proxy``."""
    fault: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.fault} {self.remedy}"


def report(*faults: str | Fault) -> int:
    """Print faults on standard error; returns the exit code, 0 without faults."""
    if not faults:
        return 0
    print(*faults, sep="\n", file=sys.stderr)
    return FAULT


def positive(text: str) -> int:
    """A number above zero, as an argument.

    Raises:
        ValueError: for anything else.
    """
    number = int(text)
    if number <= 0:
        raise ValueError(text)
    return number


def print_json(content: Sequence[dict[str, Any]] | dict[str, Any]) -> None:
    """Print JSON for programs.

    Control characters are escaped; so is all that is not ASCII, unless the output is in Unicode.
    """
    is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(content, ensure_ascii=not is_unicode, indent=2)
    print(re.sub(r"[\x7f-\x9f]", lambda match: f"\\u{ord(match[0]):04x}", text))


def local_time(moment: datetime) -> str:
    """A moment in Swedish time, with its zone."""
    return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M %Z}"


def visible(text: str, allowed: str = "") -> str:
    """A sender's text for a terminal, with control characters and line breaks as escapes.

    Args:
        text: as it was received.
        allowed: the control characters that are printed as they are.
    """
    return "".join(
        character.encode("unicode_escape").decode()
        if category(character) in _ESCAPED and character not in allowed
        else character
        for character in text
    )


_ESCAPED = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories: control characters, surrogates, line and paragraph separators."""
