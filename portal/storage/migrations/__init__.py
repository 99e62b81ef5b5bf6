"""Migrations: from an empty database, or an older one, to the present tables.

The revision of a database is read here, without Alembic. Alembic is imported only when
there is a migration to run: it costs 0.1 s and 11 MB, and most starts do not need it.
"""

from pathlib import Path

import sqlalchemy as sa

STEPS = Path(__file__).parent / "versions"
_VERSION = sa.table("alembic_version", sa.column("version_num"))


def newest() -> str:
    """The revision of the portal's tables: the number that the last file's name begins with."""
    return max(path.name for path in STEPS.glob("[0-9]*.py"))[:4]


class NewerDatabase(Exception):
    """A later version of the portal has upgraded the database; the text says what to do."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database is at revision {revision}, and this version of the portal knows none "
            f"after {newest()}: use the version that upgraded it, or a backup from before that."
        )


def refuse_newer(revision: str) -> None:
    """Go no further with a database that this version does not understand.

    Raises:
        NewerDatabase: when the revision is newer than the newest one here.
    """
    if revision > newest():
        raise NewerDatabase(revision)


def current(connection: sa.Connection) -> str:
    """The revision of a database; empty when it has none."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return ""
    return connection.scalar(sa.select(_VERSION.c.version_num)) or ""


def upgrade(connection: sa.Connection) -> None:
    """Upgrade a database to the newest revision.

    Raises:
        NewerDatabase: when a later version of the portal has upgraded it.
    """
    revision = current(connection)
    refuse_newer(revision)
    if revision != newest():
        from portal.storage.migrations import steps

        steps.upgrade(connection)


def differences(connection: sa.Connection) -> list[str]:
    """What differs between a database and the portal's tables."""
    from portal.storage.migrations import steps

    return steps.differences(connection)
