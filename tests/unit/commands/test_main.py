"""What holds for every command: help, exit codes, faults in one line."""

import json
import logging
import re
from pathlib import Path

import pytest

from portal import __version__
from portal.commands import NOUNS, main
from portal.commands.command import read_settings
from tests.unit.commands.conftest import Run
from tests.unit.conftest import write_catalog


def test_the_help_lists_every_noun_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    lines = re.findall(r"^    ([a-z]+)\s", capsys.readouterr().out, re.MULTILINE)
    assert tuple(lines) == NOUNS


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["db"], ["messages", "show"]])
def test_what_does_not_exist_is_a_fault_of_use(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("usage: portal")


def test_the_version_needs_no_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORTAL_BASEURL", "x")
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_all_settings_that_cannot_be_used_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORTAL_MESSAGES_PER_HOUR", "many")
    monkeypatch.setenv("PORTAL_BASEURL", "x")
    assert main(["check"]) == 1
    captured = capsys.readouterr()
    assert "PORTAL_MESSAGES_PER_HOUR" in captured.err
    assert "PORTAL_BASEURL" in captured.err
    assert captured.out == ""


@pytest.mark.slow
def test_a_folder_that_is_no_language_is_named_with_the_right_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("portal.commands.catalogs.LOCALES", tmp_path)
    write_catalog(tmp_path, "pt_BR", plurals="nplurals=2; plural=(n > 1);")
    for arguments in (["pt_BR"], []):
        assert main(["catalogs", "check", *arguments]) == 1
        assert "rename it to pt-BR" in capsys.readouterr().err


def test_a_language_that_is_none_is_a_fault_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["catalogs", "check", "tlh"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_a_server_imports_nothing_of_the_translators(run: Run) -> None:
    imports = run("serve", "--help", python=("-X", "importtime")).stderr
    assert "portal.web.app" in imports
    assert "portal.translators" not in imports


def test_log_collectors_get_one_object_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORTAL_LOG_FORMAT", "json")
    read_settings()
    logging.getLogger("portal.example").warning("two\nlines")
    entry = json.loads(capsys.readouterr().err)
    assert (entry["level"], entry["logger"]) == ("WARNING", "portal.example")
    assert entry["message"] == "two\nlines"
