"""The way from an empty database to today's.

How far a database has come is known here. Alembic, which takes the steps, is imported
when there is one to take: it costs a tenth of a second and eleven megabytes, and most
starts have no need of it.
"""

from pathlib import Path

import sqlalchemy as sa

STEPS = Path(__file__).parent / "versions"
_VERSION = sa.table("alembic_version", sa.column("version_num"))


def newest() -> str:
    """The revision that this portal works with: the number of the last step's file."""
    return max(path.name for path in STEPS.glob("[0-9]*.py"))[:4]


def current(connection: sa.Connection) -> str:
    """The revision a database has; empty where it has none."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return ""
    return connection.scalar(sa.select(_VERSION.c.version_num)) or ""


def upgrade(connection: sa.Connection) -> None:
    """Bring a database to the newest revision."""
    if current(connection) != newest():
        from portal.storage.migrations import steps

        steps.upgrade(connection)


def differences(connection: sa.Connection) -> list[str]:
    """What a database lacks, or has too much, against the tables."""
    from portal.storage.migrations import steps

    return steps.differences(connection)
