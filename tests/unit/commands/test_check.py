"""An operator checks a portal before it serves."""

import pytest

from portal.commands import main


def test_everything_is_checked_before_it_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert "3 languages" in capsys.readouterr().out
