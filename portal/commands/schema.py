"""Whether the database has the encoding and the tables that this version needs."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any, TypeVar

from portal.settings import Settings
from portal.storage.database import Database
from portal.storage.engines import sqlite_file

Result = TypeVar("Result")


def schema_faults(settings: Settings) -> list[str]:
    """What is wrong with the encoding or the revision of the database; empty when nothing is.

    Raises:
        Unavailable: when the database does not answer.
    """
    with closing(Database(settings.database_url)) as database:
        if faults := encoding_faults(database):
            return faults
        current, newest = database.revisions()
    if current == newest:
        return []
    return [
        f"The database is at revision {current or 'none'}, not {newest}: run portal db upgrade."
    ]


def encoding_faults(database: Database) -> list[str]:
    """Why the encoding of a database cannot be used; empty when it holds every script."""
    encoding = database.encoding()
    if encoding == "UTF8":
        return []
    return [
        f"The database has the encoding {encoding}, not UTF8, and cannot hold Arabic: "
        "create one with ENCODING 'UTF8' TEMPLATE template0."
    ]


def has_tables(settings: Settings) -> bool:
    """Whether there can be messages; where nothing was ever served, no database is made."""
    if settings.embedded and not sqlite_file(settings.database_url).exists():
        return False
    with closing(Database(settings.database_url)) as database:
        return bool(database.revisions()[0])


def read(settings: Settings, read: Callable[[Any], Awaitable[Result]]) -> Result:
    """Read with a connection of the database."""

    async def run() -> Result:
        database = Database(settings.database_url)
        try:
            async with database.reading() as connection:
                return await read(connection)
        finally:
            await database.stop()

    return asyncio.run(run())
