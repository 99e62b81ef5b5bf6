"""Nothing with a receipt is lost and nothing is stored twice, whatever happens to the process."""

import asyncio
import random
import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import chain, count
from pathlib import Path
from types import SimpleNamespace

import pytest

from portal.cases import messages
from portal.storage.database import Database
from portal.storage.engines import begin
from portal.storage.limits import forget
from tests.conftest import Serve
from tests.faults.processes import History, started, traced
from tests.visitor import Visitor

ROUNDS = 20
SENDERS = 6
FAILING = (
    *(("pwrite64", error) for error in ("ENOSPC", "EROFS", "EIO")),
    ("fsync,fdatasync", "EIO"),
)
"""Calls that fail, and how: a disk is full, has become read-only, or is broken."""


def new_texts() -> Iterator[str]:
    return map("meddelande {}".format, count())


async def test_killed_again_and_again_it_loses_nothing_and_stores_nothing_twice(
    tmp_path: Path,
) -> None:
    """After each crash, what got no receipt is sent again first."""
    rng, history, texts = random.Random(12), History(), new_texts()
    pending: list[str] = []
    for _ in range(ROUNDS):
        with started(tmp_path) as node:
            async with node.client() as client:
                queue = chain(pending, texts)
                sending = [history.send_until_refused(client, queue) for _ in range(SENDERS)]
                senders = [asyncio.create_task(send) for send in sending]
                await asyncio.sleep(rng.uniform(0.02, 0.2))
                node.process.kill()
                refused = await asyncio.gather(*senders)
        pending = [text for text in {*pending, *refused} if text not in history.receipts]
        history.check(tmp_path / "portal.db")
    assert len(history.receipts) > ROUNDS


@pytest.mark.needs("strace")
@pytest.mark.parametrize("write", [1, 2, 4])
async def test_killed_at_a_certain_write_it_loses_nothing(tmp_path: Path, write: int) -> None:
    history, texts = History(), new_texts()
    with started(tmp_path) as node:
        async with node.client() as client:
            assert await history.send(client, next(texts))
            kill = f"inject=pwrite64:signal=KILL:when={write}"
            with traced(node, "trace=pwrite64", kill):
                unknown = await history.send_until_refused(client, texts)
    history.check(tmp_path / "portal.db")
    with started(tmp_path) as node:
        async with node.client() as client:
            assert await history.send(client, unknown)
    history.check(tmp_path / "portal.db")


@pytest.mark.needs("strace")
async def test_a_failing_disk_gives_no_receipt_until_it_works_again(tmp_path: Path) -> None:
    """The pages stand meanwhile, and the form keeps the text; nothing is restarted."""
    history = History()
    with started(tmp_path) as node:
        visitor = Visitor(node.address)
        for calls, error in FAILING:
            text = f"{error} från {calls}"
            with traced(node, f"trace={calls}", f"inject={calls}:error={error}"):
                visit = await visitor.post("/sv/kontakt", {"message": text}, 503)
                assert visit.only("textarea").text == text
                assert not await history.send(visitor.client, text)
                await visitor.get("/ar/")
            assert await history.send(visitor.client, text)
        await visitor.client.aclose()
        history.check(tmp_path / "portal.db")


@pytest.mark.needs("strace")
async def test_the_disk_has_the_message_before_the_sender_has_the_receipt(tmp_path: Path) -> None:
    """A killed process proves nothing about the disk, so the calls themselves are read."""
    path = tmp_path / "trace"
    with started(tmp_path) as node:
        async with node.client() as client:
            assert await History().send(client, "den första")  # what is imported late is imported
            names = "recvfrom,read,pwrite64,fsync,fdatasync,sendto,write,writev,sendmsg"
            with traced(node, f"trace={names}", output=str(path)):
                assert await History().send(client, "den andra")
    lines = [re.sub(r"^\d+ +", "", line) for line in path.read_text("utf-8").splitlines()]
    (read,) = [n for n, line in enumerate(lines) if '"POST /sv/kontakt' in line]
    (answered,) = [n for n, line in enumerate(lines) if '"HTTP/1.1 303' in line]
    between = lines[read:answered]
    written = max(n for n, line in enumerate(between) if line.startswith("pwrite64("))
    assert any("sync" in line and line.endswith("= 0") for line in between[written:])


async def test_what_is_in_flight_when_it_is_stopped_gets_its_receipt(tmp_path: Path) -> None:
    """The bodies arrive only after SIGTERM has been seen, and no new connection is accepted."""
    head = (
        b"POST /sv/kontakt HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 11\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    with started(tmp_path) as node:
        connections = [await asyncio.open_connection(*node.host_and_port) for _ in range(SENDERS)]
        for _, writer in connections:
            writer.write(head + b"message")
        async with node.client() as client:
            assert (await client.get("/livez")).status_code == 200  # so the heads were read
        node.process.send_signal(signal.SIGTERM)
        await node.until_refused()
        for number, (_, writer) in enumerate(connections):
            writer.write(f"=h{number}a".encode())
        responses = [await asyncio.wait_for(reader.read(), 20) for reader, _ in connections]
        for _, writer in connections:
            writer.close()
        await asyncio.to_thread(node.process.wait, 20)
    assert {response[:13] for response in responses} == {b"HTTP/1.1 303 "}
    with closing(sqlite3.connect(tmp_path / "portal.db")) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (SENDERS,)


async def test_two_processes_on_one_file_store_one_sending_once(tmp_path: Path) -> None:
    """Both get every message at the same time, until one of them is killed."""
    history, texts = History(), new_texts()
    with started(tmp_path) as node, started(tmp_path) as other:
        async with node.client() as client, other.client() as second:
            for text, _ in zip(texts, range(10), strict=False):
                both = (history.send(client, text), history.send(second, text))
                assert all(await asyncio.gather(*both))
            sending = asyncio.create_task(history.send_until_refused(second, texts))
            for text, _ in zip(new_texts(), range(10), strict=False):
                assert await history.send(client, text + " till den ena")
            other.process.kill()
            unknown = await sending
            assert await history.send(client, unknown)
        history.check(tmp_path / "portal.db")


async def test_a_database_that_another_process_locks_gives_no_receipt_until_it_is_free(
    tmp_path: Path,
) -> None:
    """The pages stand, readiness is answered, the text is kept, and nothing is restarted."""
    history = History()
    with started(tmp_path) as node:
        visitor = Visitor(node.address)
        assert await history.send(visitor.client, "innan")
        with closing(sqlite3.connect(tmp_path / "portal.db", isolation_level=None)) as blocker:
            blocker.execute("BEGIN IMMEDIATE")
            fields = {"message": "en gång"}
            sending = asyncio.create_task(visitor.post("/sv/kontakt", fields, 503))
            await visitor.get("/ar/")
            assert (await visitor.client.get("/readyz")).status_code == 200
            assert not sending.done()
            visit = await sending
            assert visit.only("textarea").text == "en gång"
            readiness = (await visitor.client.get("/readyz")).json()
            assert (readiness["status"], readiness["messages"]) == ("ready", "failing")
        assert await history.send(visitor.client, "en gång")
        assert (await visitor.client.get("/readyz")).json()["messages"] == "ok"
        await visitor.client.aclose()
        history.check(tmp_path / "portal.db")


@pytest.mark.parametrize("jump", [timedelta(days=-3650), timedelta(hours=-2), timedelta(days=3650)])
async def test_a_clock_that_jumps_loses_nothing_and_locks_nobody_out(
    serve: Serve, jump: timedelta, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The portal's clock is wrong, until somebody corrects it."""

    wrong = SimpleNamespace(now=lambda zone: datetime.now(zone) - jump)
    history = History()
    url = f"sqlite:///{tmp_path}/portal.db"
    with serve(DATABASE_URL=url, PORTAL_MESSAGES_PER_HOUR="2") as portal:
        visitor = Visitor(portal.address)
        monkeypatch.setattr(messages, "datetime", wrong)
        for text in ("ett", "två"):
            assert await history.send(visitor.client, text)
        monkeypatch.setattr(messages, "datetime", datetime)
        # As the portal does by itself once a minute.
        with (
            closing(Database(url)) as database,
            database.connect() as connection,
            begin(connection),
        ):
            forget(connection, datetime.now(UTC))
        for text in ("tre", "fyra"):
            assert await history.send(visitor.client, text)
        assert not await history.send(visitor.client, "fem")
        await visitor.client.aclose()
    history.check(tmp_path / "portal.db")
