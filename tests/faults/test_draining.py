"""A node that is stopped serves on until proxies send elsewhere, and says so at once."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.faults.processes import History, started
from tests.unit.commands.test_serve import free_port, wait_for

LONGER_THAN_ANY_TEST = "600"
ENDED = {0, -signal.SIGTERM, -signal.SIGINT}
"""uvicorn ends a single process by the signal that stopped it."""


@pytest.mark.parametrize("fast_path", ["on", "off"])
async def test_a_node_that_is_to_stop_says_so_and_serves_everybody(
    tmp_path: Path, fast_path: str
) -> None:
    """Connections end with their next response, so that none is open when the node stops."""
    history = History()
    with started(
        tmp_path, PORTAL_DRAIN_SECONDS=LONGER_THAN_ANY_TEST, PORTAL_FAST_PATH=fast_path
    ) as node:
        async with node.client() as client:
            page = await client.get("/ar/")
            assert "connection" not in page.headers
            node.process.send_signal(signal.SIGTERM)
            while (readiness := await client.get("/readyz")).status_code == 200:
                pass
            assert (readiness.status_code, readiness.json()["status"]) == (503, "stopping")
            for path in ("/ar/", "/sv/arende", "/livez"):
                response = await client.get(path)
                assert (response.status_code, response.headers["connection"]) == (200, "close")
            assert await history.send(client, "det sista")
        node.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(node.process.wait, 20)
    assert node.process.returncode in ENDED
    history.check(tmp_path / "portal.db")


@pytest.mark.parametrize(
    ("seconds", "number"), [("1", signal.SIGTERM), (LONGER_THAN_ANY_TEST, signal.SIGINT)]
)
async def test_a_node_stops_when_the_time_is_over_and_at_once_by_ctrl_c(
    tmp_path: Path, seconds: str, number: signal.Signals
) -> None:
    with started(tmp_path, PORTAL_DRAIN_SECONDS=seconds) as node:
        node.process.send_signal(number)
        await asyncio.to_thread(node.process.wait, 20)
    assert node.process.returncode in ENDED


def test_workers_leave_together(tmp_path: Path) -> None:
    """The first process hands the signal on to its workers, and waits for them."""
    port = free_port()
    environment = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/portal.db",
        "PORTAL_DRAIN_SECONDS": LONGER_THAN_ANY_TEST,
        "PYTHONPATH": ".",
    }
    command = [sys.executable, "-m", "portal", "serve", "--port", str(port), "--workers", "2"]
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True
    ) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/livez")
            server.send_signal(signal.SIGTERM)
            while httpx2.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                pass
            assert httpx2.get(f"http://127.0.0.1:{port}/ar/").status_code == 200
        finally:
            os.killpg(server.pid, signal.SIGINT)
        assert server.wait(20) == 0
