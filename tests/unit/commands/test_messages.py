"""An operator reads on the command line what guardians have written."""

import asyncio
import json

import pytest

from portal.commands import main
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
    assert row["text"] == TEXT
    assert "code" not in row
    assert row["reference"][:4] in receipt.text
    shown = await asyncio.to_thread(run, "messages", "show", row["reference"])
    head, _, text = shown.stdout.partition("\n\n")
    assert text == TEXT
    assert {"language: ar", "email: a@example.org"} <= {*head.splitlines()}


def test_no_message_is_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    main(["db", "upgrade"])
    capsys.readouterr()
    assert main(["messages", "list"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["messages", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_message_that_is_not_there_is_a_fault(capsys: pytest.CaptureFixture[str]) -> None:
    main(["db", "upgrade"])
    assert main(["messages", "show", "ABCDEFGH"]) == 1
    assert "ABCDEFGH" in capsys.readouterr().err
