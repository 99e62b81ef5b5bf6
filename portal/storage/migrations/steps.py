"""Upgrading, downgrading and comparing the tables, by Alembic."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from portal.storage.migrations import OLDEST_CODE, current
from portal.storage.tables import metadata


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Upgrade a database to a later revision, and store its ``oldest_code``."""
    config = _config(connection)
    command.upgrade(config, revision)
    reached = current(connection)
    module = ScriptDirectory.from_config(config).get_revision(reached).module
    OLDEST_CODE.create(connection, checkfirst=True)
    connection.execute(sa.delete(OLDEST_CODE))
    oldest_code = getattr(module, "oldest_code", reached)
    connection.execute(sa.insert(OLDEST_CODE), {"revision": oldest_code})


def downgrade(connection: sa.Connection, revision: str = "base") -> None:
    """Downgrade a database to an earlier revision."""
    command.downgrade(_config(connection), revision)


def differences(connection: sa.Connection) -> list[str]:
    """The differences between the tables of a database and those of the portal.

    The tables of the text search, which FTS5 creates on SQLite, and ``oldest_code`` are ignored.
    """
    options = {"compare_type": True, "include_name": _is_compared}
    context = MigrationContext.configure(connection, opts=options)
    return [str(difference) for difference in compare_metadata(context, metadata)]


def _is_compared(name: str | None, kind: str, _: object) -> bool:
    return not (kind == "table" and (name or "").startswith(("case_texts", OLDEST_CODE.name)))
