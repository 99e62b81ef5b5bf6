"""What grows with the number of languages, pages and messages, and what must not."""

import asyncio
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from string import ascii_lowercase
from time import process_time

from bench.copies import grown
from bench.load import Load, measure
from bench.servers import PATIENCE, Server, fetch, portal, started
from portal.cases import messages
from portal.i18n.languages import CATALOG
from portal.storage.database import Database

SIZES = ((3, 11), (100, 11), (100, 100))
ROWS = (10, 10_000, 1_000_000)
TIMES = 50
STARTS = 3
HELP = re.compile(r'(msgid "Behöver du hjälp\?"\nmsgstr )".*"')
"""A text that every page shows."""


def run(folder: Path) -> Iterator[str]:
    """Start times and memory by size, then the cost of a message by the number stored."""
    yield "\n| languages | pages | s to the first 200 | MB | MB after load | s to a saved text |"
    yield "|--:|--:|--:|--:|--:|--:|"
    for languages, pages in SIZES:
        with tempfile.TemporaryDirectory(dir=folder) as name:
            yield _start(Path(name), languages, pages)
    yield "\n| messages kept | accept µs | case page µs | list µs | s to the first 200 |"
    yield "|--:|--:|--:|--:|--:|"
    for count in ROWS:
        with tempfile.TemporaryDirectory(dir=folder) as name:
            yield asyncio.run(_rows(Path(name), count))


def _start(folder: Path, languages: int, pages: int) -> str:
    print(f"» {languages} languages, {pages} pages", file=sys.stderr)
    where = grown(folder / "copy", languages, pages)
    command, environment = portal(folder)
    took = []
    for _ in range(STARTS):
        with started(command, environment, "/sv/", where) as server:
            took.append(server.took)
            fresh = server.memory()
            measure(server, Load("/sv/kontakt", 32), 1)
            measure(server, Load("/sv/kontakt", 32, (), "sv", 300), 1)
            loaded = server.memory()
            saved = _seen_after(server, where / "locales" / "en" / CATALOG)
    figures = f"{min(took):.2f} | {fresh:.0f} | {loaded:.0f} | {saved:.2f}"
    return f"| {languages} | {pages} | {figures} |"


def _seen_after(server: Server, catalog: Path) -> float:
    """Seconds from the saving of a catalog until a page shows the new text.

    Raises:
        RuntimeError: when none does in time.
    """
    mark = "".join(random.choices(ascii_lowercase, k=12))
    draft = catalog.with_suffix(".new")
    draft.write_text(HELP.sub(rf'\1"{mark}"', catalog.read_text("utf-8")), "utf-8")
    begun = time.monotonic()
    draft.replace(catalog)
    while mark.encode() not in fetch(server.port, "/en/"):
        if time.monotonic() - begun > PATIENCE:
            raise RuntimeError(f"a saved text is not shown: {catalog}")
        time.sleep(0.005)
    return time.monotonic() - begun


async def _rows(folder: Path, count: int) -> str:
    print(f"» {count:,} messages", file=sys.stderr)
    url = f"sqlite:///{folder}/portal.db"
    database = Database(url)
    database.upgrade()
    _fill(folder / "portal.db", count)
    await database.start()
    accept = await _cost(lambda number: _accept(database, number))
    case = await _cost(lambda _: _read(database, lambda c: messages.find(c, "code-1")))
    listing = await _cost(lambda _: _read(database, lambda c: messages.newest(c, 20)))
    await database.stop()
    command, environment = portal(folder)
    with started(command, environment, "/sv/") as server:
        took = server.took
    return f"| {count:,} | {accept:.0f} | {case:.0f} | {listing:.0f} | {took:.2f} |"


async def _cost(work: object) -> float:
    """Microseconds of CPU time that a piece of work takes, after a first run."""
    assert callable(work)
    await work(-1)
    begun = process_time()
    for number in range(TIMES):
        await work(number)
    return (process_time() - begun) / TIMES * 1e6


async def _accept(database: Database, number: int) -> None:
    sent = messages.Submission(f"message {number}", "", "", None, "sv")
    arrived = messages.Arrival(sent, number, 60)
    await database.write_together(messages.receive_all, arrived)


async def _read(database: Database, look: object) -> None:
    assert callable(look)
    async with database.reading() as connection:
        await look(connection)


def _fill(path: Path, count: int) -> None:
    """Insert old messages, which no arrival refers to any more."""
    columns = "code, received_at, language, kind, page, email, text"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            f"INSERT INTO messages ({columns}) VALUES (?, ?, 'sv', '', NULL, '', ?)",
            ((f"code-{n}", "2026-01-01T00:00:00.000000+00:00", "x" * 300) for n in range(count)),
        )
