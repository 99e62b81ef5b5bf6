"""``portal db``: upgrade and check the tables of the database."""

import argparse
from contextlib import closing

from portal.cases import figures
from portal.commands.command import Parsers, add_command, add_group, read_settings, report
from portal.commands.schema import encoding_faults, is_there, schema_faults
from portal.storage import migrations
from portal.storage.database import Database
from portal.storage.engines import allow_long_statements, begin, snapshot
from portal.storage.secret_key import open_secret_key


def add_to(nouns: Parsers) -> None:
    """Add the commands to the parser."""
    group = add_group(nouns, "db", "upgrade and check the tables of the database")
    add_command(group, "upgrade", upgrade)
    add_command(group, "current", current)
    add_command(group, "check", check)
    add_command(group, "recount", recount)


def upgrade(arguments: argparse.Namespace) -> int:
    """Upgrade the tables to this version of the portal."""
    settings = read_settings()
    open_secret_key(settings)
    with closing(Database(settings.database_url)) as database:
        if faults := encoding_faults(database):
            return report(*faults)
        database.upgrade()
        print(database.revisions()[0])
    return 0


def current(arguments: argparse.Namespace) -> int:
    """Print the revision of the database, and the newest one."""
    settings = read_settings()
    revision, newest = "", migrations.newest()
    if is_there(settings):
        with closing(Database(settings.database_url)) as database:
            revision, newest = database.revisions()
    print(f"{revision or 'none'} (newest: {newest})")
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Compare the tables with those of this version, and the figures with the cases."""
    settings = read_settings()
    if faults := schema_faults(settings):
        return report(*faults)
    with closing(Database(settings.database_url)) as database:
        differences = database.differences()
        with database.connect() as connection, snapshot(connection):
            wrong = figures.differences(connection)
    advice = ["Some figures are wrong: run portal db recount."] if wrong else []
    return report(*differences, *wrong, *advice)


def recount(arguments: argparse.Namespace) -> int:
    """Recalculate the figures of the inbox from the cases; other writes wait meanwhile."""
    settings = read_settings()
    if faults := schema_faults(settings):
        return report(*faults)
    with (
        closing(Database(settings.database_url)) as database,
        database.connect() as connection,
        begin(connection),
    ):
        allow_long_statements(connection)
        figures.recount(connection)
    return 0
