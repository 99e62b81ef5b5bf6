"""What grows with languages, pages and messages, and what must not."""

import asyncio
import random
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from string import ascii_lowercase
from time import process_time

from bench.copies import grown_copy
from bench.filling import COMMON, RARE, fill
from bench.load import Load, measure
from bench.servers import PATIENCE, Server, fetch, portal, started
from portal.cases import messages
from portal.cases.addresses import case_address
from portal.cases.references import reference
from portal.i18n.languages import CATALOG
from portal.storage.database import Database

SIZES = ((3, 11), (100, 11), (100, 100))
"""Languages and pages."""
CASES = (1_000, 1_000_000)
TIMES = 50
ROUNDS = 5
KEY = "k" * 32
PAGES = {
    "case page": f"/sv/arende/{case_address(KEY.encode(), 7, 1)}",
    "case page of staff": f"/inbox/{reference(7)}",
    "inbox": "/inbox",
    "inbox, in one language": "/inbox?language=ar",
    "inbox, one kind that waits long": "/inbox?kind=praise&age=7",
    "inbox, overdue": "/inbox?view=overdue",
    "inbox, closed": "/inbox?view=closed",
    "search, a word of one case": f"/inbox?q={RARE}77",
    "search, an address": "/inbox?q=guardian77@example.org",
    "search, how many words begin": f"/inbox?q={COMMON}",
    "search, two of these": f"/inbox?q={COMMON}+elev",
    "figures of four weeks": "/inbox/figures",
    "figures of a year": "/inbox/figures?veckor=52",
}
"""What is asked for with few and with many cases; none of it may cost more with many."""
STARTS = 3
HELP = re.compile(r'(msgid "Behöver du hjälp\?"\nmsgstr )".*"')
"""A text that stands on every page."""


def run(folder: Path) -> Iterator[str]:
    """Start times and memory by size; what is done with a case, by the number of cases."""
    yield "\n| languages | pages | s to the first 200 | MB | MB after load | s to a saved text |"
    yield "|--:|--:|--:|--:|--:|--:|"
    for languages, pages in SIZES:
        with tempfile.TemporaryDirectory(dir=folder) as name:
            yield _size_row(Path(name), languages, pages)
    yield f"\n| µs CPU | {CASES[0]:,} cases | {CASES[1]:,} cases | ratio |"
    yield "|---|--:|--:|--:|"
    for what, (few, many) in _costs(folder).items():
        yield f"| {what} | {few:,.0f} | {many:,.0f} | {many / few:.2f} |"


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


def _costs(folder: Path) -> dict[str, list[float]]:
    """Microseconds of CPU time of a message, and of each page from request to response.

    Few and many cases are measured in turns, so that disturbances of the machine hit both.
    """
    with ExitStack() as stack:
        servers, urls, tokens = [], [], []
        for count in CASES:
            print(f"» {count:,} cases", file=sys.stderr)
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
            tokens.append(fill(home / "portal.db", count))
            urls.append(f"sqlite:///{home}/portal.db")
            command, environment = portal(home, PORTAL_SECRET_KEY=KEY, PORTAL_ANSWER_DAYS="5")
            servers.append(stack.enter_context(started(command, environment, "/sv/")))

        def page_cost(path: str, index: int) -> float:
            load = Load(path, 1, (f"Cookie: inbox={tokens[index]}",))
            return measure(servers[index], load, 1).cpu

        works: dict[str, Callable[[int], float]] = {
            "message": lambda index: asyncio.run(_accept_cost(urls[index]))
        }
        works |= {what: partial(page_cost, path) for what, path in PAGES.items()}
        costs = {}
        for what, work in works.items():
            rounds = [(work(0), work(1)) for _ in range(ROUNDS)]
            costs[what] = [median(column) for column in zip(*rounds, strict=True)]
        return costs


async def _accept_cost(url: str) -> float:
    """Microseconds of CPU time that a message takes, after a first one."""
    database = Database(url)
    await database.start()

    async def accept(number: int) -> None:
        submission = messages.Submission(f"message {number}", "", "", None, "sv")
        await database.write_together(
            messages.receive_all, messages.Arrival(submission, number, 60)
        )

    await accept(-1)
    begun = process_time()
    for number in range(TIMES):
        await accept(number)
    cost = (process_time() - begun) / TIMES * 1e6
    await database.stop()
    return cost
