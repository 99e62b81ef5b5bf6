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


def current(connection: sa.Connection) -> str:
    """The revision of a database; empty when it has none."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return ""
    return connection.scalar(sa.select(_VERSION.c.version_num)) or ""


def upgrade(connection: sa.Connection) -> None:
    """Upgrade a database to the newest revision."""
    if current(connection) != newest():
        from portal.storage.migrations import steps

        steps.upgrade(connection)


def differences(connection: sa.Connection) -> list[str]:
    """What differs between a database and the portal's tables."""
    from portal.storage.migrations import steps

    return steps.differences(connection)
