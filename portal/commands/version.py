"""``portal version``: print the version."""

import argparse

from portal import __version__
from portal.commands.command import Parsers, add_command


def add_to(nouns: Parsers) -> None:
    """Add the command to the parser."""
    add_command(nouns, "version", run)


def run(arguments: argparse.Namespace) -> int:
    """Print the version."""
    print(__version__)
    return 0
