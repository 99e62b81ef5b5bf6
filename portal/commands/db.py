"""``portal db``: the tables of the database."""

import argparse
from contextlib import closing

from portal.commands.output import add_command, report
from portal.settings import Settings
from portal.storage.database import Database
from portal.storage.secret_key import open_secret_key


def add_to(nouns: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    about = "the database's tables"
    verbs = nouns.add_parser("db", help=about, description=about).add_subparsers(
        required=True, metavar="command"
    )
    for verb, run, about in (
        ("upgrade", upgrade, "Bring the database's tables to this version of the portal."),
        ("current", current, "Say which revision the database has, and which is the newest."),
        ("check", check, "Compare the database's tables with the portal's."),
    ):
        add_command(verbs, verb, run, about)


def upgrade(settings: Settings, arguments: argparse.Namespace) -> int:
    """Bring the database's tables to this version of the portal."""
    open_secret_key(settings)
    with closing(Database(settings.database_url)) as database:
        database.upgrade()
        print(database.revisions()[0])
    return 0


def current(settings: Settings, arguments: argparse.Namespace) -> int:
    """Say which revision the database has, and which is the newest."""
    with closing(Database(settings.database_url)) as database:
        revision, newest = database.revisions()
    print(f"{revision or 'none'} (newest: {newest})")
    return 0


def check(settings: Settings, arguments: argparse.Namespace) -> int:
    """Compare the database's tables with the portal's."""
    if fault := schema_fault(settings):
        return report(fault)
    with closing(Database(settings.database_url)) as database:
        faults = database.differences()
    return report(*faults) if faults else 0


def schema_fault(settings: Settings) -> str:
    """What is wrong with the revision of the database; empty when it is the newest.

    Raises:
        Unavailable: when the database does not answer.
    """
    with closing(Database(settings.database_url)) as database:
        revision, newest = database.revisions()
    if revision == newest:
        return ""
    return f"The database is at revision {revision or 'none'}, not {newest}: run portal db upgrade."
