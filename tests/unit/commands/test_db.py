"""An operator looks after the tables of the database."""

import pytest

from portal.commands import main


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
