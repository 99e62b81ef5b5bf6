"""``portal restore``: replace an SQLite database with a backup."""

import argparse
from pathlib import Path

from portal.commands.backup import ON_A_SERVER, print_contents
from portal.commands.command import Parsers, add_command, read_settings, report
from portal.storage.backups import restore


def add_to(nouns: Parsers) -> None:
    """Add the command to the parser."""
    parser = add_command(nouns, "restore", run)
    parser.add_argument("file", type=Path)
    overwrite = "overwrite a database that has rows, or another key"
    parser.add_argument("--replace", action="store_true", help=overwrite)


def run(arguments: argparse.Namespace) -> int:
    """Replace the SQLite database with a backup; the portal must be stopped."""
    settings = read_settings()
    if not settings.embedded:
        return report(ON_A_SERVER)
    print_contents(restore(settings, arguments.file, arguments.replace))
    return 0
