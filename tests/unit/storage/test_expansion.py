"""A version and the one before it work with the same tables: expand first, then contract.

While nodes are upgraded one after the other, and when an upgrade is taken back, older code
works with newer tables. What a migration does to it is read from the tables before and after,
so it does not matter how the migration is written. A migration may take away what older code
does not use, and says since which revision: ``unused_since = {"cases.page": "0005"}``.
"""

from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from portal.storage import migrations
from portal.storage.database import Database
from portal.storage.engines import begin
from portal.storage.migrations import steps
from tests.conftest import new_database

FIRST = "0004"
"""The first whose code may run beside the next one; no release has the tables of 0003."""


def shape(connection: sa.Connection) -> dict[str, set[str]]:
    """What is demanded of a writer, by table and by column: more of it may break older code."""
    inspector = sa.inspect(connection)
    demands: dict[str, set[str]] = {}
    for table in inspector.get_table_names():
        unique = [index for index in inspector.get_indexes(table) if index["unique"]]
        constraints = [
            *(index["column_names"] for index in unique),
            *(key["constrained_columns"] for key in inspector.get_foreign_keys(table)),
            *(check["sqltext"] for check in inspector.get_check_constraints(table)),
        ]
        demands[table] = {str(constraint) for constraint in constraints}
        for column in inspector.get_columns(table):
            needs_value = not column["nullable"] and column["default"] is None
            demands[f"{table}.{column['name']}"] = {
                str(column["type"]),
                *(["a value"] if needs_value else []),
                *([] if column["nullable"] else ["no null"]),
            }
    return demands


def broken(before: dict[str, set[str]], after: dict[str, set[str]]) -> set[str]:
    """The tables and columns that older code can no longer work with."""
    new = after.keys() - before.keys()
    gone = {name for name in before.keys() - after.keys() if table_of(name) in {*after, name}}
    return {
        *gone,
        *(name for name in before.keys() & after.keys() if after[name] - before[name]),
        *(name for name in new if table_of(name) in before and "a value" in after[name]),
    }


def table_of(name: str) -> str:
    return name.partition(".")[0]


def test_each_migration_leaves_the_code_before_it_working(database_url: str) -> None:
    folder = Config()
    folder.set_main_option("script_location", str(migrations.STEPS.parent))
    folder.set_main_option("path_separator", "os")
    scripts = [*ScriptDirectory.from_config(folder).walk_revisions()][::-1]
    contractions = {}
    with closing(Database(database_url)) as database, database.connect() as connection:
        for script in scripts:
            with begin(connection):
                before = shape(connection)
                steps.upgrade(connection, script.revision)
                after = shape(connection)
            oldest_code = getattr(script.module, "oldest_code", script.revision)
            unused_since = getattr(script.module, "unused_since", {})
            assert script.revision <= FIRST or oldest_code < script.revision, script.path
            allowed = {name for name, since in unused_since.items() if since <= oldest_code}
            if oldest_code < script.revision:
                assert broken(before, after) <= allowed, script.path
            contractions[script.revision] = broken(before, after)
    assert contractions["0002"] == set()
    assert contractions[FIRST] >= {"messages.email", "messages.case_id", "arrivals.code"}


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("ALTER TABLE cases ADD place text", set()),
        ("ALTER TABLE cases ADD place text NOT NULL DEFAULT ''", set()),
        ("CREATE TABLE places (id bigint PRIMARY KEY, name text NOT NULL)", set()),
        ("CREATE INDEX by_page ON cases (page)", set()),
        ("ALTER TABLE cases ALTER page SET DEFAULT ''", set()),
        ("ALTER TABLE cases ALTER email DROP NOT NULL", set()),
        ("ALTER TABLE cases ADD place text NOT NULL", {"cases.place"}),
        ("ALTER TABLE cases ALTER page SET NOT NULL", {"cases.page"}),
        ("ALTER TABLE cases DROP page", {"cases.page"}),
        ("ALTER TABLE cases RENAME page TO place", {"cases.page"}),
        ("ALTER TABLE cases ALTER page TYPE varchar(10)", {"cases.page"}),
        ("ALTER TABLE cases ALTER answer_language DROP DEFAULT", {"cases.answer_language"}),
        ("ALTER TABLE cases ADD CHECK (page != '')", {"cases"}),
        ("ALTER TABLE cases ADD UNIQUE (email)", {"cases"}),
        ("CREATE UNIQUE INDEX by_page ON cases (page)", {"cases"}),
        ("ALTER TABLE notes RENAME TO remarks", {"notes"}),
        ("DROP TABLE notes", {"notes"}),
    ],
)
def test_what_older_code_cannot_work_with_is_recognised(
    tables: sa.Connection, statement: str, names: set[str]
) -> None:
    with tables.begin() as transaction:
        before = shape(tables)
        tables.exec_driver_sql(statement)
        assert broken(before, shape(tables)) == names
        transaction.rollback()


@pytest.fixture(scope="module")
def tables(postgresql: str) -> Iterator[sa.Connection]:
    """A PostgreSQL database with the tables of the portal."""
    with closing(Database(new_database(postgresql))) as database, database.connect() as connection:
        database.upgrade()
        yield connection
