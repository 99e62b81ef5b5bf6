"""``portal log``: verify the history of what staff read and did."""

import argparse
from contextlib import closing

from portal.cases import history
from portal.commands.command import Parsers, add_command, add_group, read_settings, report
from portal.commands.schema import schema_faults
from portal.storage.database import Database
from portal.storage.engines import snapshot


def add_to(nouns: Parsers) -> None:
    """Add the command to the parser."""
    group = add_group(nouns, "log", "the history of what staff read and did")
    add_command(group, "verify", verify)


def verify(arguments: argparse.Namespace) -> int:
    """Verify the chain of digests of the history, and print its last digest.

    A copy of the last digest, kept elsewhere, also reveals later whether the end was cut off.
    """
    settings = read_settings()
    if faults := schema_faults(settings):
        return report(*faults)
    with (
        closing(Database(settings.database_url)) as database,
        database.connect() as connection,
        snapshot(connection),
    ):
        chain = history.verify(connection)
    print(f"{chain.length} entries {chain.digest}".strip())
    if chain.fault is None:
        return 0
    return report(f"Entry {chain.fault} was changed, or entries before it were removed.")
