"""A log leads an operator from a response to the fault, and says nothing about a person."""

import asyncio
import gc
import json
import logging
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from portal.logs import LINE, JsonLines, TextLines, open_log
from portal.settings import Settings
from portal.web.app import keep_running
from tests.conftest import Serve
from tests.unit.commands.test_serve import free_port, wait_for
from tests.visitor import Visitor, parts

ID = "edge-1.a_B"
CLIENT = "203.0.113.77"
SECRETS = ("hemlighet", "anna@example.org", "Anna Andersson", CLIENT)
PRIVATE = {"message": "hemlighet Anna Andersson", "email": "anna@example.org", "kind": "view"}


@pytest.mark.slow
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_log_has_the_ids_of_failed_requests_and_no_personal_data(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything fails, for a person behind a proxy."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/portal.db")
    monkeypatch.setenv("PORTAL_LOG_FORMAT", form)
    monkeypatch.setenv("PORTAL_TRUSTED_PROXIES", "127.0.0.1")
    port = free_port()
    command = [sys.executable, "-m", "portal", "serve", "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        wait_for(f"http://127.0.0.1:{port}/livez")
        headers = {"x-request-id": ID, "x-forwarded-for": CLIENT}
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
            receipt = client.post("/sv/kontakt", files=parts(PRIVATE)).headers["location"]
            with closing(sqlite3.connect(tmp_path / "portal.db")) as connection:
                connection.execute("ALTER TABLE messages RENAME TO hemlighet")
            failed = [
                client.post("/sv/kontakt?hemlighet", files=parts(PRIVATE | {"kind": "praise"})),
                client.get(receipt),
            ]
            client.get("/sv/hemlighet?email=anna@example.org")
            client.post("/sv/kontakt", files=parts(PRIVATE), headers={"origin": "https://x"})
        server.send_signal(signal.SIGTERM)
        _, log = server.communicate(timeout=20)
    assert [response.status_code for response in failed] == [503, 503]
    assert {response.headers["x-request-id"] for response in failed} == {ID}
    # A chore that meets the missing table has no id.
    lines = [line for line in log.splitlines() if "database unavailable" in line and ID in line]
    assert len(lines) == 2
    for line in lines:
        assert json.loads(line)["request"] == ID if form == "json" else line.endswith(f"[{ID}]")
    code = receipt.rpartition("/")[2]
    assert [secret for secret in (*SECRETS, code) if secret in log] == []


@pytest.mark.parametrize(
    ("proxies", "offered", "is_taken_over"),
    [
        ("127.0.0.1", ID, True),
        ("127.0.0.0/8", "a" * 64, True),
        ("10.0.0.1", ID, False),
        ("", ID, False),
        ("127.0.0.1", "a" * 65, False),
        ("127.0.0.1", "a b", False),
        ("127.0.0.1", "a/b", False),
        ("127.0.0.1", "", False),
    ],
)
async def test_an_id_is_taken_over_from_a_trusted_proxy_only(
    serve: Serve, proxies: str, offered: str, is_taken_over: bool
) -> None:
    with serve(PORTAL_TRUSTED_PROXIES=proxies) as portal:
        visitor = Visitor(portal.address)
        response = (await visitor.get("/sv/saknas", 404, x_request_id=offered)).response
        await visitor.client.aclose()
    assert (response.headers["x-request-id"] == offered) == is_taken_over
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", response.headers["x-request-id"])


async def test_each_request_gets_an_id_of_its_own(visitor: Visitor) -> None:
    responses = [(await visitor.get("/sv/saknas", 404)).response for _ in range(2)]
    assert len({response.headers["x-request-id"] for response in responses}) == 2


async def test_a_task_that_nobody_awaits_leaves_no_text_of_its_exception_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail() -> None:
        raise ValueError("hemlighet")

    open_log(Settings())
    logging.getLogger().addHandler(caplog.handler)
    task = asyncio.create_task(fail())
    await asyncio.wait({task})
    del task
    gc.collect()
    # Tasks of other tests may be collected, too.
    (record,) = [r for r in caplog.records if r.exc_info and str(r.exc_info[1]) == "hemlighet"]
    line = TextLines(LINE).format(record)
    assert "Task exception was never retrieved" in line
    assert "ValueError at test_logs.py:" in line
    assert "hemlighet" not in line


async def test_a_chore_that_fails_is_named_and_begun_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun = asyncio.Event()

    async def chore() -> None:
        if not caplog.messages:
            raise ValueError("hemlighet")
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(keep_running(chore, pause=0))
    await asyncio.wait_for(begun.wait(), 10)
    task.cancel()
    assert "ValueError at" in caplog.text
    assert "hemlighet" not in caplog.text


@pytest.mark.parametrize("formatter", [TextLines(LINE), JsonLines()])
def test_of_an_exception_only_type_and_place_are_written(formatter: logging.Formatter) -> None:
    try:
        raise ValueError("hemlighet")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "two\nlines", None, sys.exc_info())
    line = formatter.format(record)
    assert "ValueError at test_logs.py:" in line
    assert "hemlighet" not in line
