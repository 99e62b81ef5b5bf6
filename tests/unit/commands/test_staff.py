"""An operator makes accounts for those who read the inbox."""

import json

import pytest

from portal.commands import main

ADD = ["staff", "add", "Anna.Ek", "--full-name", "Anna Ek", "--role", "officer"]


def listed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    capsys.readouterr()
    assert main(["staff", "list", "--json"]) == 0
    rows: list[dict[str, str]] = json.loads(capsys.readouterr().out)
    return rows


def test_an_account_is_made_with_a_password_that_is_shown_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*ADD, "--email", "anna@EXAMPLE.org"]) == 0
    shown = capsys.readouterr().out
    password = shown.partition("First password: ")[2].partition("\n")[0]
    assert len(password) >= 12
    (account,) = listed(capsys)
    assert (account["name"], account["state"]) == ("anna.ek", "new")
    assert account["email"] == "anna@example.org"
    assert password not in f"{account}"
    assert main(["staff", "list"]) == 0
    assert "anna.ek\tofficer\tnew\tAnna Ek" in capsys.readouterr().out


def test_a_name_is_taken_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ADD) == 0
    assert main(ADD) == 1
    assert "portal staff reset" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "fault"),
    [
        ("--full-name", " ", "--full-name"),
        ("--full-name", "x" * 101, "--full-name"),
        ("--email", "anna", "--email"),
    ],
)
def test_what_cannot_be_used_is_named(
    option: str, value: str, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*ADD, option, value]) == 1
    assert fault in capsys.readouterr().err
    assert listed(capsys) == []


def test_an_account_is_disabled_and_enabled_by_a_reset(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(ADD)
    assert main(["staff", "disable", "ANNA.EK"]) == 0
    assert listed(capsys)[0]["state"] == "disabled"
    assert main(["staff", "reset", "anna.ek"]) == 0
    assert "First password: " in capsys.readouterr().out
    assert listed(capsys)[0]["state"] == "new"


@pytest.mark.parametrize("command", ["disable", "reset"])
def test_an_account_that_is_not_there_is_a_fault(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["staff", command, "bo"]) == 1
    assert "There is no account bo." in capsys.readouterr().err
