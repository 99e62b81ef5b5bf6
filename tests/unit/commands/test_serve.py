"""An operator starts a portal and stops it."""

import signal
import socket
import subprocess
import sys
import time

import httpx2
import pytest

from portal.commands import main


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
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
def test_a_portal_serves_until_it_is_stopped(workers: str) -> None:
    port = free_port()
    command = [sys.executable, "-m", "portal", "serve", "--port", str(port), "--workers", workers]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        page = wait_for(f"http://127.0.0.1:{port}/ar/")
        assert f'href="http://127.0.0.1:{port}/ar/"' in page.text
        server.send_signal(signal.SIGTERM)
        _, log = server.communicate(timeout=20)
    assert f"http://127.0.0.1:{port}/" in log
    assert server.returncode in {0, -signal.SIGTERM}


def test_a_database_that_does_not_answer_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://portal@127.0.0.1:1/none")
    monkeypatch.setenv("PORTAL_SECRET_KEY", "k" * 32)
    assert main(["serve"]) == 1
    assert "DATABASE_URL" in capsys.readouterr().err
