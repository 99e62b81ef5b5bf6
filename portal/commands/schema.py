"""Check that the database has the encoding and the revision that this version needs."""

from collections.abc import Callable
from contextlib import closing
from typing import Any, TypeVar

from portal.commands.command import Fault
from portal.settings import Settings
from portal.storage import migrations
from portal.storage.database import Database
from portal.storage.engines import sqlite_file

Result = TypeVar("Result")


def schema_faults(settings: Settings, upgrades_itself: bool = False) -> list[Fault]:
    """The faults of the encoding and the revision of the database.

    Args:
        settings: which database.
        upgrades_itself: whether the caller upgrades the tables, so that missing or older ones
            are no fault.

    Raises:
        Unavailable: when the database does not answer.
        NewerDatabase: when a later version has changed the tables incompatibly.
    """
    current, newest = "", migrations.newest()
    if is_there(settings):
        with closing(Database(settings.database_url)) as database:
            if faults := encoding_faults(database):
                return faults
            database.refuse_newer()
            current, newest = database.revisions()
    if current >= newest or upgrades_itself:
        return []
    fault = f"It is at revision {current or 'none'}, not {newest}."
    return [Fault("database", fault, "Run portal db upgrade.")]


def encoding_faults(database: Database) -> list[Fault]:
    """The fault in the encoding of a database: it must be able to store every script."""
    encoding = database.encoding()
    if encoding == "UTF8":
        return []
    fault = f"It has the encoding {encoding}, not UTF8, and cannot store every script."
    return [Fault("database", fault, "Create one with ENCODING 'UTF8' TEMPLATE template0.")]


def is_there(settings: Settings) -> bool:
    """Whether there is a database to connect to: connecting would create an SQLite file."""
    return not settings.embedded or sqlite_file(settings.database_url).exists()


def has_tables(settings: Settings) -> bool:
    """Whether the database has tables. Does not create an SQLite file that is not there."""
    if not is_there(settings):
        return False
    with closing(Database(settings.database_url)) as database:
        return bool(database.revisions()[0])


def read(settings: Settings, query: Callable[[Any], Result]) -> Result:
    """Run a query with a connection to the database.

    Raises:
        Unavailable: when the database fails.
    """
    with closing(Database(settings.database_url)) as database:
        return database.read_blocking(query)
