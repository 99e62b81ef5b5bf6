"""A thousand letters to a mail server that keeps nothing: what the outbox adds to sending them.

The mail server is a process of its own. Beside the outbox, the same letter is sent as often
without one: over a connection each time, and as many at a time.
"""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from statistics import median

from bench.servers import PATIENCE, pinned
from portal.cases import outbox
from portal.cases.messages import Arrival, Submission, receive_all
from portal.i18n.templates import read_renderers
from portal.mail import letters
from portal.mail.delivery import AT_ONCE, Delivery, send
from portal.settings import Settings
from portal.storage.database import Database

COUNT = 1000
ROUNDS = 3
SINK = """
import sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
Controller(Sink(), hostname="127.0.0.1", port=int(sys.argv[1])).start()
time.sleep(3600)
"""


def run(folder: Path) -> Iterator[str]:
    """Letters a second with and without the outbox, in interleaved rounds."""
    yield f"\n| {COUNT} letters, {AT_ONCE} at a time | letters a second | × bare |"
    yield "|---|--:|--:|"
    with _sink() as url:
        environment = {
            "DATABASE_URL": f"sqlite:///{folder}/letters.db",
            "PORTAL_SECRET_KEY": "k" * 32,
            "PORTAL_SMTP_URL": url,
            "PORTAL_MAIL_FROM": "portal@example.org",
        }
        settings = Settings.read(environment)
        pairs = [asyncio.run(_measure(settings)) for _ in range(ROUNDS)]
    bare, emptied = (COUNT / median(seconds) for seconds in zip(*pairs, strict=True))
    yield f"| sent without an outbox | {bare:.0f} | 1.00 |"
    yield f"| sent from the outbox | {emptied:.0f} | {emptied / bare:.2f} |"


async def _measure(settings: Settings) -> tuple[float, float]:
    """Seconds to send the letters without an outbox, and to empty one with as many."""
    renderers = read_renderers(settings)
    database = Database(settings.database_url)
    database.upgrade()
    await database.start()
    await asyncio.gather(*(_receive(database, number) for number in range(COUNT)))
    letter = await database.read(lambda c: outbox.waiting_or_failed(c, 1)[0])
    message = letters.message(letter, None, renderers, settings)
    begun = time.monotonic()
    await asyncio.gather(*(_send_each(message, settings) for _ in range(AT_ONCE)))
    sent = time.monotonic()
    await Delivery(database, settings, lambda: renderers).run_once()
    emptied = time.monotonic()
    await database.stop()
    return sent - begun, emptied - sent


async def _receive(database: Database, number: int) -> None:
    """Receive a message that is confirmed by a letter, to an address that has had none."""
    moment = time.monotonic_ns()
    submission = Submission(f"{moment}", f"{number}-{moment}@example.org", "", None, "ar")
    arrival = Arrival(submission, number, 0, staff_mailbox="")
    await database.write_together(partial(receive_all, now=datetime.now(UTC)), arrival)


async def _send_each(message: EmailMessage, settings: Settings) -> None:
    for _ in range(COUNT // AT_ONCE):
        await send(message, settings)


@contextmanager
def _sink() -> Iterator[str]:
    """A mail server that keeps nothing; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(pinned(0, sys.executable, "-c", SINK, port))
    try:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"smtp://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
