"""Migrations: from an empty database, or an older one, to the current tables.

The revision of a database is read here without Alembic, which is imported only to run migrations
and to compare tables: importing it takes 0.1 s and 11 MB, and most starts do not need it.

A migration names the revision of the oldest code that can work with its tables:
``oldest_code``; where it names none, its own revision counts. That is stored in the database, so
that an older version knows whether it may start while nodes are upgraded one after the other, or
when an upgrade is reverted.
"""

from pathlib import Path

import sqlalchemy as sa

STEPS = Path(__file__).parent / "versions"
OLDEST_CODE = sa.Table("oldest_code", sa.MetaData(), sa.Column("revision", sa.Text, nullable=False))
"""One row. Like ``alembic_version``, it is not one of the portal's own tables."""
_VERSION = sa.table("alembic_version", sa.column("version_num"))


def newest() -> str:
    """The revision of the portal's tables: the number that the last file's name begins with."""
    return max(path.name for path in STEPS.glob("[0-9]*.py"))[:4]


class NewerDatabase(Exception):
    """A later version has changed the tables incompatibly; the text says what to do."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database is at revision {revision}, and this version of the portal knows none "
            f"after {newest()}. Use the version that upgraded it, or restore an earlier backup."
        )


def current(connection: sa.Connection) -> str:
    """The revision of a database; empty if it has no tables."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return ""
    return connection.scalar(sa.select(_VERSION.c.version_num)) or ""


def refuse_newer(connection: sa.Connection) -> None:
    """Raise if a later version of the portal has changed the tables incompatibly.

    Raises:
        NewerDatabase: when the stored ``oldest_code`` is newer than this version, or missing.
    """
    revision = current(connection)
    if revision > newest():
        oldest_code = connection.scalar(sa.select(OLDEST_CODE.c.revision))
        if oldest_code is None or oldest_code > newest():
            raise NewerDatabase(revision)


def upgrade(connection: sa.Connection) -> None:
    """Upgrade a database to the newest revision; a newer one is not changed.

    Raises:
        NewerDatabase: see ``refuse_newer``.
    """
    refuse_newer(connection)
    if current(connection) < newest():
        from portal.storage.migrations import steps

        steps.upgrade(connection)


def differences(connection: sa.Connection) -> list[str]:
    """The differences between the tables of a database and those of the portal."""
    from portal.storage.migrations import steps

    return steps.differences(connection)
