"""The command line, as an operator uses it."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import httpx2
import pytest

from portal import __version__
from portal.commands.run import main
from portal.settings import CHECKOUT
from tests.conftest import Serve
from tests.visitor import Visitor

TEXT = "السلام عليكم\nرسالة طويلة " + "ع" * 4900


@pytest.fixture(autouse=True)
def own_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Every command here uses a database of the test's own; gives its URL."""
    url = f"sqlite:///{tmp_path}/own.db"
    monkeypatch.setenv("DATABASE_URL", url)
    return url


def run(*arguments: str) -> bytes:
    """Run a command in a process of its own, and return its output."""
    command = [sys.executable, "-m", "portal", *arguments]
    return subprocess.run(command, capture_output=True, check=True).stdout


@pytest.mark.slow
async def test_a_message_is_listed_and_shown_byte_for_byte(serve: Serve, own_database: str) -> None:
    with serve(DATABASE_URL=own_database) as portal:
        visitor = Visitor(portal.address)
        receipt = await visitor.send(
            "ar", message=TEXT.replace("\n", "\r\n"), email="a@example.org"
        )
        await visitor.client.aclose()
    (listed,) = json.loads(await asyncio.to_thread(run, "messages", "list", "--json"))
    assert listed["text"] == TEXT
    assert "code" not in listed
    assert listed["reference"][:4] in receipt.text
    shown = await asyncio.to_thread(run, "messages", "show", listed["reference"])
    head, _, text = shown.partition(b"\n\n")
    assert text == TEXT.encode()
    assert b"language: ar" in head
    assert b"email: a@example.org" in head


def test_showing_a_message_that_does_not_exist_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "upgrade"]) == 0
    assert main(["messages", "show", "ABCDEFGH"]) == 1
    assert "ABCDEFGH" in capsys.readouterr().err


def test_the_schema_is_upgraded_checked_and_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "check"]) == 1
    assert "portal db upgrade" in capsys.readouterr().err
    assert main(["db", "upgrade"]) == 0
    assert main(["db", "check"]) == 0
    assert main(["db", "current"]) == 0
    assert "0003" in capsys.readouterr().out


def test_check_counts_the_languages_that_can_be_served(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert "3 languages" in capsys.readouterr().out


def test_every_setting_that_cannot_be_used_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORTAL_MESSAGES_PER_HOUR", "many")
    monkeypatch.setenv("PORTAL_BASEURL", "x")
    assert main(["check"]) == 1
    errors = capsys.readouterr().err
    assert "PORTAL_MESSAGES_PER_HOUR" in errors
    assert "PORTAL_BASEURL" in errors


def test_a_command_that_does_not_exist_exits_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["nonsense"])
    assert end.value.code == 2
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_serve_names_the_setting_of_a_database_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://portal@127.0.0.1:1/none")
    monkeypatch.setenv("PORTAL_SECRET_KEY", "k" * 32)
    assert main(["serve"]) == 1
    assert "DATABASE_URL" in capsys.readouterr().err


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for(address: str) -> httpx2.Response:
    for _ in range(200):
        try:
            return httpx2.get(address)
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"nothing answers at {address}")


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_runs_until_it_is_terminated(workers: str) -> None:
    port = free_port()
    command = [sys.executable, "-m", "portal", "serve", "--port", str(port), "--workers", workers]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        page = wait_for(f"http://127.0.0.1:{port}/ar/")
        assert f'href="http://127.0.0.1:{port}/ar/"' in page.text
        server.send_signal(signal.SIGTERM)
        _, log = server.communicate(timeout=20)
    assert f"http://127.0.0.1:{port}/" in log
    assert server.returncode in {0, -signal.SIGTERM}


@pytest.mark.slow
def test_an_installed_portal_works_from_any_folder(tmp_path: Path) -> None:
    """The wheel carries templates, style sheets, catalogs and migrations."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    build = ["wheel", "--no-build-isolation", "--no-deps", "-w", str(tmp_path), str(CHECKOUT)]
    subprocess.run([*pip, *build], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "templates/layout.html",
        "static/css/tokens.css",
        "locales/ar/LC_MESSAGES/portal.po",
    ):
        assert f"portal/_data/{needed}" in names
    site = tmp_path / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(site), str(wheel)], check=True)
    done = subprocess.run(
        [sys.executable, "-m", "portal", "db", "upgrade"],
        env={"PYTHONPATH": str(site), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "0003"
    assert (tmp_path / ".local/share/portal/portal.db").exists()
    assert (tmp_path / ".local/share/portal/secret-key").stat().st_mode & 0o777 == 0o600
