"""Whether the database has the tables of this version."""

from contextlib import closing

from portal.settings import Settings
from portal.storage.database import Database


def schema_faults(settings: Settings) -> list[str]:
    """What is wrong with the revision of the database; empty when it is the newest.

    Raises:
        Unavailable: when the database does not answer.
    """
    with closing(Database(settings.database_url)) as database:
        current, newest = database.revisions()
    if current == newest:
        return []
    return [
        f"The database is at revision {current or 'none'}, not {newest}: run portal db upgrade."
    ]
