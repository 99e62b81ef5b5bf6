"""An operator reads on the command line what guardians have written."""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from portal.cases import messages
from portal.cases.references import reference
from portal.commands import main
from portal.storage.database import Database
from tests.conftest import Serve
from tests.unit.commands.conftest import Run
from tests.visitor import Visitor

TEXT = "السلام عليكم\nرسالة طويلة " + "ع" * 4900


@pytest.mark.slow
async def test_a_message_is_listed_and_shown_as_it_was_sent(
    serve: Serve, database_url: str, run: Run
) -> None:
    with serve(DATABASE_URL=database_url) as portal:
        visitor = Visitor(portal.address)
        receipt = await visitor.send(
            "ar", message=TEXT.replace("\n", "\r\n"), email="a@example.org"
        )
        await visitor.client.aclose()
    (row,) = json.loads((await asyncio.to_thread(run, "messages", "list", "--json")).stdout)
    assert row["messages"][0]["text"] == TEXT
    assert receipt.response.url.path.rpartition("-")[2] not in f"{row}"
    assert row["reference"][:4] in receipt.text
    shown = await asyncio.to_thread(run, "messages", "show", row["reference"])
    head, _, message = shown.stdout.partition("\n\n")
    assert message.partition("\n")[2] == f"{TEXT}\n"
    assert {"language: ar", "email: a@example.org"} <= {*head.splitlines()}


def test_no_message_is_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    main(["db", "upgrade"])
    capsys.readouterr()
    assert main(["messages", "list"]) == 0
    assert capsys.readouterr().out == "There are no messages yet.\n"
    assert main(["messages", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_message_that_is_not_there_is_a_fault(capsys: pytest.CaptureFixture[str]) -> None:
    main(["db", "upgrade"])
    assert main(["messages", "show", "ABCDEFGH"]) == 1
    assert "ABCDEFGH" in capsys.readouterr().err


async def store(url: str, text: str = "Hej", other_language: str = "") -> str:
    """Store a message as the form does; return its reference."""
    database = Database(url)
    database.upgrade()
    await database.start()
    submission = messages.Submission(text, "", "", None, "sv", other_language)
    arrival = messages.Arrival(submission, 1, 0)
    case: messages.CaseNumber = await database.write_together(messages.receive_all, arrival)
    await database.stop()
    return reference(case.number)


@pytest.mark.parametrize("command", [["list"], ["show", "ABCDEFGH"]])
def test_a_portal_that_never_served_has_no_messages(
    command: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["messages", *command]) == (1 if "show" in command else 0)
    printed = capsys.readouterr()
    assert printed.out + printed.err == "There are no messages yet.\n"
    assert [*tmp_path.iterdir()] == []


async def printed_after(
    database_url: str, change: str, capsys: pytest.CaptureFixture[str]
) -> tuple[str, str]:
    """What is listed and shown of a message after a change to its row."""
    reference = await store(database_url)
    with closing(Database(database_url)) as database, database.connect() as connection:
        connection.exec_driver_sql(f"UPDATE messages SET {change}")
        connection.commit()
    assert await asyncio.to_thread(main, ["messages", "list"]) == 0
    listed = capsys.readouterr().out
    assert await asyncio.to_thread(main, ["messages", "show", reference]) == 0
    return listed, capsys.readouterr().out


async def test_a_time_is_swedish_and_says_its_zone(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change = "received_at = '2026-07-01T22:30:00+00:00'"
    for printed in await printed_after(database_url, change, capsys):
        assert "2026-07-02 00:30 CEST" in printed


async def test_the_language_of_a_text_is_the_one_that_an_officer_has_set(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    listed, shown = await printed_after(database_url, "text_language = 'fa'", capsys)
    assert " fa " in listed
    assert "(fa)" in shown


@pytest.mark.parametrize("noun", ["messages", "outbox"])
def test_a_count_is_above_zero(noun: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([noun, "list", "--count", "-1"])
    assert "--count" in capsys.readouterr().err


async def test_control_characters_are_printed_as_escapes(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = await store(
        database_url, "Hej \x1b[2J\x9b1m\tdär\nrad två", "so\nemail: forged@example.org"
    )
    for command in (["list"], ["show", reference], ["show", reference, "--json"]):
        assert await asyncio.to_thread(main, ["messages", *command]) == 0
        out = capsys.readouterr().out
        assert {"\x1b", "\x9b"}.isdisjoint(out)
        assert "\nemail: forged" not in out
        if "--json" in command:
            assert json.loads(out)["messages"][0]["text"].startswith("Hej \x1b[2J\x9b1m\tdär")
        else:
            assert r"Hej \x1b[2J\x9b1m" in out
    await asyncio.to_thread(main, ["messages", "show", reference])
    assert capsys.readouterr().out.endswith("\tdär\nrad två\n")


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
async def test_a_narrow_encoding_shows_code_points(
    database_url: str, encoding: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = await store(database_url, "مرحبا 😀", "العربية")
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    listed = await asyncio.to_thread(run, "messages", "list")
    assert r"\u0645" in listed.stdout
    shown = await asyncio.to_thread(run, "messages", "show", reference)
    assert r"\U0001f600" in shown.stdout
    (message,) = json.loads((await asyncio.to_thread(run, "messages", "list", "--json")).stdout)
    assert message["messages"][0]["text"] == "مرحبا 😀"


@pytest.mark.slow
@pytest.mark.parametrize("arguments", ["messages list", "--help"])
async def test_a_closed_pipe_is_no_fault(database_url: str, arguments: str) -> None:
    await store(database_url)
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "portal", *arguments.split()]
    done = await asyncio.to_thread(
        subprocess.run, command, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert done.stderr == b""
    assert done.returncode in {0, 141}  # argparse ignores that its help cannot be printed
