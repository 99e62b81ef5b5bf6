"""What grows with languages, pages and messages, and what must not."""

import asyncio
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import process_time

from bench.copies import grown
from bench.load import Load, measure
from bench.servers import ROOT, portal, started
from portal import messages
from portal.database import Database

SIZES = ((3, 11), (100, 11), (100, 100))
ROWS = (10, 10_000, 1_000_000)
TIMES = 50


def run(folder: Path) -> Iterator[str]:
    """Start times and memory, then what a message costs beside how many there are."""
    yield "\n| languages | pages | s to the first 200 | MB at start | MB after load |"
    yield "|--:|--:|--:|--:|--:|"
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
    where = ROOT if (languages, pages) == SIZES[0] else grown(folder, languages, pages)
    command, environment = portal(folder)
    took = []
    for _ in range(3):
        try:
            with started(command, environment, "/sv/", where) as server:
                took.append(server.took)
                fresh = server.memory()
                measure(server, Load("/sv/kontakt", 32), 1)
                measure(server, Load("/sv/kontakt", 32, (), "sv", 300), 1)
                loaded = server.memory()
        except RuntimeError:
            return f"| {languages} | {pages} | not within a minute | | |"
    return f"| {languages} | {pages} | {min(took):.2f} | {fresh:.0f} | {loaded:.0f} |"


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
    """Microseconds of CPU time that a piece of work takes, after a first time."""
    assert callable(work)
    await work(-1)
    begun = process_time()
    for number in range(TIMES):
        await work(number)
    return (process_time() - begun) / TIMES * 1e6


async def _accept(database: Database, number: int) -> None:
    sent = messages.Sent(f"message {number}", "", "", None, "sv")
    arrived = messages.Arrived(sent, number, 60)
    await database.write_together(messages.receive_all, arrived)


async def _read(database: Database, look: object) -> None:
    assert callable(look)
    async with database.reading() as connection:
        await look(connection)


def _fill(path: Path, count: int) -> None:
    """Put rows straight into the table: old messages, long forgotten by the arrivals."""
    columns = "reference, code, received_at, language, kind, page, email, text"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            f"INSERT INTO messages ({columns}) VALUES (?, ?, ?, 'sv', '', NULL, '', ?)",
            (
                (f"R{n}", f"code-{n}", "2026-01-01T00:00:00.000000+00:00", "x" * 300)
                for n in range(count)
            ),
        )
