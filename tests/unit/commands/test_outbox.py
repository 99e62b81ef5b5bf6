"""An operator looks after the letters on the command line."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from portal.cases import outbox
from portal.cases.outbox import NewLetter
from portal.commands import main
from portal.storage.database import Database
from portal.storage.engines import begin
from tests.sink import Sink, open_sink, part

RECIPIENT = "namn@example.org"


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """A mail server that the commands use."""
    with open_sink() as sink:
        monkeypatch.setenv("PORTAL_SMTP_URL", sink.url)
        monkeypatch.setenv("PORTAL_MAIL_FROM", "portal@example.org")
        yield sink


@pytest.fixture
def queued(database_url: str) -> None:
    """A database with one letter."""
    assert main(["db", "upgrade"]) == 0
    letter = NewLetter("new-message", RECIPIENT, "sv")
    with (
        closing(Database(database_url)) as database,
        database.connect() as connection,
        begin(connection),
    ):
        outbox.queue(connection, [letter], datetime.now(UTC))


@pytest.mark.usefixtures("queued")
def test_letters_are_listed_until_they_are_delivered(
    sink: Sink, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["outbox", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["kind"], row["recipient"], row["reference"]) == ("new-message", RECIPIENT, None)
    assert main(["outbox", "list"]) == 0
    assert f"attempts: 0 {RECIPIENT}" in capsys.readouterr().out
    assert main(["outbox", "run", "--once"]) == 0
    assert main(["outbox", "list"]) == 0
    assert "No letter waits" in capsys.readouterr().out
    assert sink.recipients == [RECIPIENT]


@pytest.mark.usefixtures("queued")
def test_a_letter_that_failed_is_listed_and_tried_again(
    sink: Sink, capsys: pytest.CaptureFixture[str]
) -> None:
    sink.reply(recipient="550 No such user")
    main(["outbox", "run", "--once"])
    capsys.readouterr()
    main(["outbox", "list"])
    assert "1 new-message - failed" in capsys.readouterr().out
    assert main(["outbox", "retry", "7"]) == 1
    assert "There is no letter 7 that failed." in capsys.readouterr().err
    assert main(["outbox", "retry"]) == 0
    assert "tried again: 1" in capsys.readouterr().out
    main(["outbox", "run", "--once"])
    assert len(sink.letters) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("queued")
def test_one_run_ends_at_a_signal_while_the_mail_server_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("PORTAL_SMTP_URL", f"smtp://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("PORTAL_MAIL_FROM", "portal@example.org")
        command = [sys.executable, "-m", "portal", "outbox", "run", "--once"]
        with subprocess.Popen(command) as process:
            connection, _ = silent.accept()
            with connection:
                process.terminate()
                assert process.wait(5) == -signal.SIGTERM


def test_where_nothing_was_served_there_are_no_letters(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outbox", "list"]) == 0
    assert "No letter waits" in capsys.readouterr().out
    assert main(["outbox", "retry"]) == 0
    assert "tried again: 0" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["outbox", "run"], ["mail", "check", RECIPIENT]])
def test_without_a_mail_server_a_command_says_so(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 1
    assert "PORTAL_SMTP_URL is not set" in capsys.readouterr().err


def test_a_check_sends_one_letter_and_says_what_dns_should_hold(
    sink: Sink, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mail", "check", RECIPIENT]) == 0
    (letter,) = sink.letters
    assert letter["To"] == RECIPIENT
    assert "Det här är ett prov" in part(letter, "plain")
    output = capsys.readouterr().out
    for record in ("SPF    example.org", "_domainkey.example.org", "_dmarc.example.org", "PTR"):
        assert record in output


def test_a_check_says_what_the_mail_server_says(
    sink: Sink, capsys: pytest.CaptureFixture[str]
) -> None:
    sink.reply(recipient="550 Relaying denied\x1b")
    assert main(["mail", "check", RECIPIENT]) == 1
    assert "The letter was not accepted: 550 Relaying denied" in capsys.readouterr().err


def test_a_check_needs_an_address(sink: Sink) -> None:
    with pytest.raises(SystemExit) as end:
        main(["mail", "check", "nobody"])
    assert end.value.code == 2
    assert sink.recipients == []
