"""An operator starts a portal and stops it."""

import asyncio
import signal
import socket
import subprocess
import sys
import time

import httpx2
import pytest

from portal.commands import main
from tests.conftest import Serve


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def wait_for(address: str) -> httpx2.Response:
    for _ in range(600):
        try:
            # Nothing is encrypted here, and reading all authorities' certificates takes 20 ms.
            return httpx2.get(address, verify=False)
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


def test_workers_cannot_share_an_address_for_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORTAL_METRICS", "127.0.0.1:9100")
    assert main(["serve", "--workers", "2"]) == 1
    assert "PORTAL_METRICS" in capsys.readouterr().err


@pytest.mark.slow
def test_an_ipv6_address_is_published_in_brackets() -> None:
    port = free_port()
    command = [sys.executable, "-m", "portal", "serve", "--host", "::1", "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        page = wait_for(f"http://[::1]:{port}/sv/")
        server.send_signal(signal.SIGTERM)
        _, log = server.communicate(timeout=20)
    assert f'href="http://[::1]:{port}/sv/"' in page.text
    assert f"http://[::1]:{port}/" in log


async def test_a_portal_answers_at_its_own_ipv6_address(serve: Serve) -> None:
    with serve(PORTAL_BASE_URL="http://[2001:db8::1]:8000") as portal:
        async with httpx2.AsyncClient(base_url=portal.address) as client:
            for host in ("[2001:db8::1]:8000", "[2001:DB8:0::1]:8000"):
                assert (await client.get("/sv/", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("port", ["65536", "0", "-1", "http"])
def test_a_port_out_of_range_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["serve", f"--port={port}"])
    assert end.value.code == 2
    assert port in capsys.readouterr().err


@pytest.mark.parametrize("fast_path", ["on", "off"])
@pytest.mark.parametrize("path", ["/livez", "/healthz", "/livez?probe=1"])
async def test_health_checks_are_answered_under_any_host_name(
    serve: Serve, fast_path: str, path: str
) -> None:
    production = {"PORTAL_ENV": "production", "PORTAL_BASE_URL": "https://skola.example.se"}
    with serve(PORTAL_FAST_PATH=fast_path, **production) as portal:
        async with httpx2.AsyncClient(base_url=portal.address) as client:
            for method, body in (("GET", "ok"), ("HEAD", "")):
                alive = await client.request(method, path, headers={"host": "10.0.3.7:8000"})
                assert (alive.status_code, alive.text) == (200, body)
                assert alive.headers["cache-control"] == "no-store"
            assert (await client.post(path)).status_code == 400
        host, port = portal.address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        response = await reader.read()
        writer.close()
    assert response.startswith(b"HTTP/1.1 200 ")
    assert response.endswith(b"\r\n\r\nok")


@pytest.mark.slow
def test_an_idle_connection_stays_open_for_the_time_that_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORTAL_KEEP_ALIVE_SECONDS", "1")
    port = free_port()
    command = [sys.executable, "-m", "portal", "serve", "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        wait_for(f"http://127.0.0.1:{port}/livez")
        with socket.create_connection(("127.0.0.1", port), 4) as connection:
            connection.sendall(b"HEAD /livez HTTP/1.1\r\n\r\n")
            response = connection.recv(65536)
            assert response.startswith(b"HTTP/1.1 200 ")
            assert connection.recv(1) == b""
        server.send_signal(signal.SIGTERM)
