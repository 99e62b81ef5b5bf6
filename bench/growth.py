"""What grows with languages, pages and messages, and what must not."""

import asyncio
import random
import re
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from string import ascii_lowercase
from time import process_time

from bench.copies import grown_copy
from bench.load import Load, measure
from bench.servers import PATIENCE, Server, fetch, portal, started
from portal.cases import messages
from portal.i18n.languages import CATALOG
from portal.storage.database import Database

SIZES = ((3, 11), (100, 11), (100, 100))
"""Languages and pages."""
ROWS = (10, 10_000, 1_000_000)
TIMES = 50
STARTS = 3
HELP = re.compile(r'(msgid "Behöver du hjälp\?"\nmsgstr )".*"')
"""A text that stands on every page."""


def run(folder: Path) -> Iterator[str]:
    """Start times and memory by size; what a message costs by the number that are stored."""
    yield "\n| languages | pages | s to the first 200 | MB | MB after load | s to a saved text |"
    yield "|--:|--:|--:|--:|--:|--:|"
    for languages, pages in SIZES:
        with tempfile.TemporaryDirectory(dir=folder) as name:
            yield _size_row(Path(name), languages, pages)
    yield "\n| messages stored | accept µs | case page µs | list µs | s to the first 200 |"
    yield "|--:|--:|--:|--:|--:|"
    for count in ROWS:
        with tempfile.TemporaryDirectory(dir=folder) as name:
            yield asyncio.run(_messages_row(Path(name), count))


def _size_row(folder: Path, languages: int, pages: int) -> str:
    print(f"» {languages} languages, {pages} pages", file=sys.stderr)
    copy = grown_copy(folder / "copy", languages, pages)
    command, environment = portal(folder)
    starts = []
    for _ in range(STARTS):
        with started(command, environment, "/sv/", copy) as server:
            starts.append(server.start_seconds)
            fresh = server.memory()
            measure(server, Load("/sv/kontakt", 32), 1)
            measure(server, Load("/sv/kontakt", 32, script="sv", characters=300), 1)
            loaded = server.memory()
            shown = seconds_until_shown(server, copy / "locales" / "en" / CATALOG)
    figures = f"{min(starts):.2f} | {fresh:.0f} | {loaded:.0f} | {shown:.2f}"
    return f"| {languages} | {pages} | {figures} |"


def seconds_until_shown(server: Server, catalog: Path, *, announce: bool = False) -> float:
    """Seconds from saving a catalog until a page has the new text.

    Args:
        server: that serves the catalog.
        catalog: the English one; it is changed.
        announce: by SIGHUP, so that the time does not depend on when the server looks.

    Raises:
        RuntimeError: when no page ever has it.
    """
    mark = "".join(random.choices(ascii_lowercase, k=12))
    changed = catalog.with_suffix(".new")
    changed.write_text(HELP.sub(rf'\1"{mark}"', catalog.read_text("utf-8")), "utf-8")
    begun = time.monotonic()
    changed.replace(catalog)
    if announce:
        server.process.send_signal(signal.SIGHUP)
    while mark.encode() not in fetch(server.port, "/en/"):
        if time.monotonic() - begun > PATIENCE:
            raise RuntimeError(f"a saved text is not shown: {catalog}")
        time.sleep(0.005)
    return time.monotonic() - begun


async def _messages_row(folder: Path, count: int) -> str:
    print(f"» {count:,} messages", file=sys.stderr)
    database = Database(f"sqlite:///{folder}/portal.db")
    database.upgrade()
    _fill(folder / "portal.db", count)
    await database.start()

    async def accept(number: int) -> None:
        submission = messages.Submission(f"message {number}", "", "", None, "sv")
        arrival = messages.Arrival(submission, number, 60)
        await database.write_together(messages.receive_all, arrival)

    async def show_case(_: int) -> None:
        async with database.reading() as connection:
            await messages.find_case(connection, 1)
            await messages.messages_of(connection, 1)

    async def list_newest(_: int) -> None:
        async with database.reading() as connection:
            await messages.newest(connection, 20)

    costs = [await _cost(work) for work in (accept, show_case, list_newest)]
    await database.stop()
    command, environment = portal(folder)
    with started(command, environment, "/sv/") as server:
        figures = " | ".join(f"{cost:.0f}" for cost in costs)
        return f"| {count:,} | {figures} | {server.start_seconds:.2f} |"


async def _cost(work: Callable[[int], Awaitable[None]]) -> float:
    """Microseconds of CPU time that some work takes, after a first time."""
    await work(-1)
    begun = process_time()
    for number in range(TIMES):
        await work(number)
    return (process_time() - begun) / TIMES * 1e6


def _fill(path: Path, count: int) -> None:
    """Insert old cases of one message, whose arrivals have long been deleted."""
    moment = "2026-01-01T00:00:00.000000+00:00"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO cases (id, state, since, opened_at, language, kind, email)"
            " VALUES (?, 'answered', ?, ?, 'sv', '', '')",
            ((number, moment, moment) for number in range(1, count + 1)),
        )
        connection.executemany(
            "INSERT INTO messages (case_id, received_at, language, text) VALUES (?, ?, 'sv', ?)",
            ((number, moment, "x" * 300) for number in range(1, count + 1)),
        )
        connection.execute("UPDATE counts SET number = ? WHERE name = 'cases'", (count,))
