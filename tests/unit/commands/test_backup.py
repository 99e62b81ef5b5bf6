"""An operator backs up a portal while it is served, and restores it on another machine."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from portal.commands import main
from tests.conftest import Serve
from tests.unit.commands.conftest import Run
from tests.visitor import Visitor

ARRIVALS = "INSERT INTO arrivals (sender, fingerprint, case_id, received_at) VALUES "


def execute(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        rows: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return rows


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with three rows, and its secret key."""
    assert main(["db", "upgrade"]) == 0
    path = tmp_path / "own.db"
    execute(path, ARRIVALS + "(1, 1, 1, ''), (1, 2, 2, ''), (2, 3, 3, '')")
    return path


@pytest.fixture
def backup(database: Path, tmp_path: Path) -> Path:
    """A backup of that database, with its key."""
    path = tmp_path / "backups" / "portal.db"
    path.parent.mkdir()
    assert main(["backup", str(path), "--with-key"]) == 0
    return path


@pytest.fixture
def elsewhere(backup: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the database of another machine would be, to which the backup is taken."""
    path = tmp_path / "other" / "portal.db"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
    return path


def test_a_backup_is_one_file_for_its_owner_only_and_says_what_it_holds(
    backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = backup.parent / "portal.db.secret-key"
    assert sorted(backup.parent.iterdir()) == [backup, key]
    assert {path.stat().st_mode & 0o777 for path in (backup, key)} == {0o600}
    assert main(["backup", "verify", str(backup)]) == 0
    assert "arrivals: 3\n" in capsys.readouterr().out
    assert sorted(backup.parent.iterdir()) == [backup, key]


def test_a_backup_is_restored_with_its_key(backup: Path, database: Path, elsewhere: Path) -> None:
    assert main(["restore", str(backup)]) == 0
    assert count(elsewhere, "arrivals") == 3
    key = elsewhere.parent / "secret-key"
    assert key.read_bytes() == (database.parent / "secret-key").read_bytes()
    assert main(["db", "check"]) == 0


def test_an_empty_database_is_replaced_without_more_ado(
    backup: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["db", "upgrade"]) == 0
    (elsewhere.parent / "secret-key").unlink()
    assert main(["restore", str(backup)]) == 0
    assert count(elsewhere, "arrivals") == 3


def test_a_database_with_rows_is_only_replaced_when_the_operator_says_so(
    backup: Path, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    execute(database, ARRIVALS + "(3, 4, 4, '')")
    assert main(["restore", str(backup)]) == 1
    assert "--replace" in capsys.readouterr().err
    assert count(database, "arrivals") == 4
    assert main(["restore", str(backup), "--replace"]) == 0
    assert count(database, "arrivals") == 3


def test_a_database_in_use_is_not_replaced(
    backup: Path, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(database)) as serving:
        serving.execute("SELECT * FROM arrivals").fetchall()
        assert main(["restore", str(backup), "--replace"]) == 1
    assert "Stop the portal first" in capsys.readouterr().err
    assert main(["restore", str(backup), "--replace"]) == 0


def test_a_damaged_database_can_be_replaced(backup: Path, database: Path) -> None:
    database.write_bytes(b"no database" * 1000)
    assert main(["restore", str(backup)]) == 1
    assert main(["restore", str(backup), "--replace"]) == 0
    assert count(database, "arrivals") == 3


def damage(backup: Path) -> None:
    content = bytearray(backup.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    backup.write_bytes(content)


def cut_off(backup: Path) -> None:
    backup.write_bytes(backup.read_bytes()[:-4096])


def empty(backup: Path) -> None:
    backup.write_bytes(b"")


def orphan(backup: Path) -> None:
    execute(backup, "CREATE TABLE t (x INTEGER REFERENCES messages (id)) STRICT")
    execute(backup, "INSERT INTO t VALUES (77)")


def make_newer(backup: Path) -> None:
    execute(backup, "UPDATE alembic_version SET version_num = '9999'")
    execute(backup, "UPDATE oldest_code SET revision = '9999'")


def make_foreign(backup: Path) -> None:
    execute(backup, "DROP TABLE alembic_version")


def write_text(backup: Path) -> None:
    backup.write_text("PGDMP", "utf-8")


@pytest.mark.parametrize(
    "change",
    [damage, cut_off, empty, orphan, make_newer, make_foreign, write_text, Path.unlink],
)
def test_a_doubtful_backup_is_refused_and_changes_nothing(
    backup: Path,
    change: Callable[[Path], None],
    elsewhere: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    change(backup)
    capsys.readouterr()
    for command in (["backup", "verify"], ["restore"]):
        assert main([*command, str(backup)]) == 1
        printed = capsys.readouterr()
        assert printed.err.count("\n") == 1
        assert printed.out == ""
    assert not elsewhere.parent.exists()


def test_a_backup_is_not_restored_without_a_key_or_with_another(
    backup: Path,
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PORTAL_SECRET_KEY", "x" * 32)
    assert main(["restore", str(backup)]) == 1
    assert "PORTAL_SECRET_KEY is not the key" in capsys.readouterr().err
    monkeypatch.delenv("PORTAL_SECRET_KEY")
    (backup.parent / "portal.db.secret-key").rename(backup.parent / "away")
    assert main(["restore", str(backup)]) == 1
    assert "There is no secret key" in capsys.readouterr().err
    assert not elsewhere.exists()
    monkeypatch.setenv("PORTAL_SECRET_KEY", "x" * 32)
    assert main(["restore", str(backup)]) == 0


def test_nothing_to_back_up_and_nowhere_to_put_it_are_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backup", str(tmp_path / "copy.db")]) == 1
    assert "There is no database" in capsys.readouterr().err
    main(["db", "upgrade"])
    assert main(["backup", str(tmp_path / "no folder" / "copy.db")]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert main(["backup", str(tmp_path / "own.db")]) == 1
    assert "is the database itself" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/file/portal.db")
        patch.setenv("PORTAL_SECRET_KEY", "k" * 32)
        assert main(["backup", str(tmp_path / "copy.db")]) == 1
    assert main(["backup", "verify"]) == 2
    assert "which file?" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["backup", "backup verify", "restore"])
def test_a_database_server_has_tools_of_its_own(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://portal@127.0.0.1:1/none")
    monkeypatch.setenv("PORTAL_SECRET_KEY", "k" * 32)
    assert main([*command.split(), "file"]) == 1
    assert "pg_dump" in capsys.readouterr().err


@pytest.mark.slow
async def test_no_receipt_from_before_a_backup_is_missing_after_it_is_restored(
    serve: Serve, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages are written all the time while the backup is made."""
    receipts: list[str] = []
    enough = asyncio.Event()
    backup, key = tmp_path / "backup.db", "k" * 32
    monkeypatch.setenv("PORTAL_SECRET_KEY", key)

    async def send_for_ever(visitor: Visitor, sender: int) -> None:
        for number in range(10_000):
            fields = {"message": f"{sender} {number}"}
            response = await visitor.client.post("/sv/kontakt", data=fields)
            receipts.append(response.headers["location"])
            if len(receipts) == 100:
                enough.set()

    with serve() as portal:
        monkeypatch.setenv("DATABASE_URL", portal.settings.database_url)
        visitor = Visitor(portal.address)
        senders = [asyncio.create_task(send_for_ever(visitor, sender)) for sender in range(4)]
        await enough.wait()
        before = [*receipts]
        done = await asyncio.to_thread(run, "backup", str(backup))
        assert done.returncode == 0, done.stderr
        assert len(receipts) > len(before)
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)
        await visitor.client.aclose()
    restored = tmp_path / "restored.db"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{restored}")
    assert main(["restore", str(backup)]) == 0
    with serve(DATABASE_URL=f"sqlite:///{restored}") as portal:
        visitor = Visitor(portal.address)
        for receipt in before:
            await visitor.get(receipt)
        await visitor.client.aclose()
    assert len(before) <= count(restored, "messages") <= len(receipts) + len(senders)
