"""The command line: a module for each noun, and two that these share.

A command returns 0 when all is well, 1 for a fault and 2 when its arguments cannot be
understood. Faults and the log go to standard error; all else, also JSON and what is wrong in a
catalog, to standard output.

Its modules, in the order in which they may import:

    command   what all commands share: parsers, settings, output
    schema    whether the database is at the revision of this version
    serve     the server, until it is stopped
    check     the faults of a deployment
    db        the tables of the database
    backup    a copy of the database, made while it is served
    restore   replaces the database with a backup
    catalogs  the translations
    messages  the messages received
    outbox    the letters to guardians and staff
    mail      a test of the delivery of letters
    log       the history of what staff read and did
    staff     the accounts of staff
    version   the version
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from jinja2 import TemplateError

from portal.commands.command import report
from portal.i18n.catalogs import CatalogError
from portal.i18n.languages import NoLanguage
from portal.settings import SettingsError
from portal.storage.backups import BackupFault
from portal.storage.database import Unavailable
from portal.storage.migrations import NewerDatabase

CLOSED_PIPE = 141
"""The exit code when the reader of the output has closed the pipe: 128 + SIGPIPE, as in shells."""

NOUNS = (
    *("serve", "check", "db", "backup", "restore"),
    *("catalogs", "messages", "outbox", "mail", "log", "staff", "version"),
)
"""The modules that add commands, in the order of the help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: of the command line, without the program's name.

    Returns:
        the exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Print characters that the encoding lacks, such as Arabic in Latin-1, as escapes.
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as head, has closed. Python's own last flush must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE


def import_nouns(words: Sequence[str]) -> list[ModuleType]:
    """Import the module of a command, or all of them if no command is named.

    A server does not load the translators' tools.

    Args:
        words: of the command line, without the program's name.
    """
    names = words[:1] if words and words[0] in NOUNS else NOUNS
    return [import_module(f"{__name__}.{name}") for name in names]


def _run(arguments: Sequence[str] | None) -> int:
    """Parse and run one command; report what it raises."""
    words = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="portal", description="The guardians' portal.")
    nouns = parser.add_subparsers(required=True, metavar="command")
    for module in import_nouns(words):
        module.add_to(nouns)
    parsed = parser.parse_args(words)
    try:
        exit_code: int = parsed.run(parsed)
        return exit_code
    except SettingsError as error:
        return report("These settings cannot be used:", *error.faults)
    except (CatalogError, TemplateError, NoLanguage, NewerDatabase, BackupFault) as error:
        return report(str(error))
    except Unavailable:
        return report("The database cannot be used. Is DATABASE_URL right? Is the server running?")
