"""An operator looks after the tables of the database."""

from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from portal.cases.history import Chain
from portal.cases.messages import Arrival, Submission, receive_all
from portal.commands import main
from portal.storage import migrations
from portal.storage.database import Database
from portal.storage.engines import begin
from portal.storage.tables import counts
from tests.conftest import new_database


def test_an_empty_database_is_upgraded_and_then_in_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["db", "check"]) == 1
    assert "portal db upgrade" in capsys.readouterr().err
    assert main(["db", "current"]) == 0
    assert capsys.readouterr().out.startswith("none (newest: ")
    assert main(["db", "upgrade"]) == 0
    revision = capsys.readouterr().out.strip()
    assert main(["db", "check"]) == 0
    assert main(["db", "current"]) == 0
    assert capsys.readouterr().out == f"{revision} (newest: {revision})\n"


def upgrade_later(database_url: str, oldest_code: str) -> None:
    """Leave a database as a later version would, which says who can work with its tables."""
    assert main(["db", "upgrade"]) == 0
    with closing(Database(database_url)) as database, database.connect() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.exec_driver_sql(f"UPDATE oldest_code SET revision = '{oldest_code}'")
        connection.commit()


@pytest.fixture
def own_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database, of each kind in turn, which is that of the settings."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("PORTAL_SECRET_KEY", "k" * 32)
    return database_url


@pytest.mark.parametrize("command", ["serve", "check", "db upgrade", "db check"])
def test_a_database_that_a_later_version_has_changed_is_refused(
    command: str, own_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    upgrade_later(own_database, oldest_code="9998")
    assert main(command.split()) == 1
    assert "Use the version that upgraded it" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "db upgrade", "db check", "messages list"])
def test_a_database_that_a_later_version_has_only_added_to_is_used(
    command: str, own_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    upgrade_later(own_database, oldest_code=migrations.newest())
    assert main(command.split()) == 0
    assert main(["db", "current"]) == 0
    assert f"9999 (newest: {migrations.newest()})" in capsys.readouterr().out


def test_numbers_that_were_given_twice_are_named_and_repaired(
    own_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["db", "upgrade"]) == 0
    with (
        closing(Database(own_database)) as database,
        database.connect() as connection,
        begin(connection),
    ):
        for text in ("ett", "två"):
            receive_all(connection, [Arrival(Submission(text, "", "", None, "sv"), 1, 0)])
        connection.execute(sa.update(counts).where(counts.c.name == "cases").values(number=1))
    assert main(["db", "check"]) == 1
    assert "cases: 1 numbered, 2 used" in capsys.readouterr().err
    assert main(["db", "recount"]) == 0
    assert main(["db", "check"]) == 0


@pytest.mark.parametrize("command", ["db current", "db check", "log verify"])
def test_a_command_that_looks_makes_no_database(command: str, tmp_path: Path) -> None:
    assert main(command.split()) == (0 if command == "db current" else 1)
    assert not (tmp_path / "own.db").exists()


def test_a_wrong_figure_is_named_and_counted_anew(
    own_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["db", "upgrade"]) == 0
    arrival = Arrival(Submission("Hej", "", "praise", None, "ar"), 1, 0)
    with closing(Database(own_database)) as database, database.connect() as connection:
        with begin(connection):
            receive_all(connection, [arrival])
        assert main(["db", "check"]) == 0
        with begin(connection):
            connection.execute(sa.delete(counts).where(counts.c.name == "new"))
    assert main(["db", "check"]) == 1
    shown = capsys.readouterr().err
    assert "new ar praise: 0 stored, 1 counted" in shown
    assert "portal db recount" in shown
    assert main(["db", "recount"]) == 0
    assert main(["db", "check"]) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "work"),
    [
        ("db check", "portal.cases.figures.differences"),
        ("db recount", "portal.cases.figures.recount"),
        ("log verify", "portal.cases.history.verify"),
    ],
)
def test_what_reads_the_whole_database_may_take_its_time(
    postgresql: str, command: str, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement of a request is cancelled after six seconds; a large database takes longer."""
    monkeypatch.setenv("DATABASE_URL", new_database(postgresql))
    monkeypatch.setenv("PORTAL_SECRET_KEY", "k" * 32)
    limits = []

    def read(connection: sa.Connection) -> Chain | list[str]:
        limits.append(connection.exec_driver_sql("SHOW statement_timeout").scalar_one())
        return Chain(0, "", None) if command == "log verify" else []

    monkeypatch.setattr(work, read)
    assert main(["db", "upgrade"]) == 0
    assert main(command.split()) == 0
    assert limits == ["0"]


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["LATIN1", "WIN1252", "SQL_ASCII"])
@pytest.mark.parametrize("command", ["check", "db check", "db upgrade", "serve"])
def test_a_database_in_another_encoding_than_utf8_is_refused(
    postgresql: str,
    encoding: str,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = f"portal_{encoding.lower()}_{command.replace(' ', '_')}"
    statement = f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(statement.encode())
    monkeypatch.setenv("DATABASE_URL", f"{postgresql.rpartition('/')[0]}/{name}")
    monkeypatch.setenv("PORTAL_SECRET_KEY", "k" * 32)
    assert main(command.split()) == 1
    assert f"encoding {encoding}, not UTF8" in capsys.readouterr().err
