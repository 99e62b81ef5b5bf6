"""``portal backup``: back up an SQLite database while the portal serves, or verify a backup."""

import argparse
from pathlib import Path

from portal.commands.command import USAGE, Parsers, add_command, read_settings, report
from portal.storage.backups import Contents, back_up, examine

VERIFY = "verify"
ON_A_SERVER = (
    "PostgreSQL has its own tools for this: pg_dump --format=custom "
    "--file=FILE, and pg_restore --clean --if-exists --dbname=NAME FILE. Run portal db check "
    "after the restore."
)


def add_to(nouns: Parsers) -> None:
    """Add the command to the parser."""
    parser = add_command(nouns, "backup", run)
    parser.usage = "portal backup [-h] [--with-key] FILE\n       portal backup verify [-h] FILE"
    parser.add_argument("verb", nargs="?", choices=[VERIFY], help="verify a backup instead")
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--with-key", action="store_true", help="write the secret key to a file beside it"
    )


def run(arguments: argparse.Namespace) -> int:
    """Back up the SQLite database to a file while the portal serves, or verify a backup."""
    if arguments.file == Path(VERIFY):
        report("portal backup verify: which file?")
        return USAGE
    settings = read_settings()
    if not settings.embedded:
        return report(ON_A_SERVER)
    if arguments.verb == VERIFY:
        print_contents(examine(arguments.file))
    else:
        print_contents(back_up(settings, arguments.file, arguments.with_key))
    return 0


def print_contents(contents: Contents) -> None:
    """Print how many rows each table of a database has, and its revision."""
    for name, table in contents.tables.items():
        print(f"{name}: {table.rows}")
    print(f"revision: {contents.revision}")
