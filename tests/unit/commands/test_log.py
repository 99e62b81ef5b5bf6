"""An operator verifies that nobody changed what staff have done."""

from contextlib import closing
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from portal.cases import history
from portal.commands import main
from portal.storage import tables
from portal.storage.database import Database
from portal.storage.engines import begin


def test_a_changed_entry_is_named(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("PORTAL_SECRET_KEY", "k" * 32)
    assert main(["log", "verify"]) == 1
    assert "portal db upgrade" in capsys.readouterr().err
    assert main(["db", "upgrade"]) == 0
    capsys.readouterr()
    assert main(["log", "verify"]) == 0
    assert capsys.readouterr().out == "0 entries\n"
    with closing(Database(database_url)) as database, database.connect() as connection:
        with begin(connection):
            for action in ("read", "take", "close"):
                history.record(connection, None, None, action, "", datetime.now(UTC))
        assert main(["log", "verify"]) == 0
        count, digest = capsys.readouterr().out.split(" entries ")
        assert (count, len(digest.strip())) == ("3", 64)
        with begin(connection):
            changed = sa.update(tables.history).where(tables.history.c.id == 2)
            connection.execute(changed.values(action="praise"))
    assert main(["log", "verify"]) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("1 entries ")
    assert shown.err.startswith("Entry 2 was changed")
