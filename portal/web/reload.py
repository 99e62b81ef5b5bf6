"""A saved catalog becomes new pages, while readers are served from the old ones.

1. In development a saved file is noticed within a quarter of a second; in production the
   signal SIGHUP says that catalogs are to be read again.
2. Every catalog is read and checked. One with an error is refused: its language
   keeps the texts that it had, and the log says what is wrong and where.
3. The pages of what has changed are printed, in a thread of its own.
4. The new edition takes the old one's place in one step.
5. At leisure, its pages are packed, before readers ask for them.

The pages are printed anew, too, whenever the telephone begins or ceases to be answered.
"""

import asyncio
import gc
import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

from portal.i18n import catalogs, languages
from portal.i18n.catalogs import Catalog, CatalogError
from portal.i18n.languages import CATALOG, Language
from portal.settings import Settings
from portal.web.edition import Edition, reprint
from portal.web.guard import Guard

PAUSE = 0.25
"""Seconds between two looks at the files."""

Stamps = Mapping[Path, tuple[int, int]]

log = logging.getLogger(__name__)


def stamps(locales: Path) -> Stamps:
    """When each catalog was saved, and its size."""
    found = {}
    for path in locales.glob(f"*/{CATALOG}"):
        with suppress(FileNotFoundError):
            state = path.stat()
            found[path] = state.st_mtime_ns, state.st_size
    return found


@asynccontextmanager
async def reloading(
    guard: Guard, settings: Settings, locales: Path, saved: Stamps
) -> AsyncIterator[None]:
    """Keep a guard's edition up to date until the end of the block.

    Args:
        guard: whose edition.
        settings: what it is printed with.
        locales: where the catalogs are.
        saved: the stamps of the catalogs that its edition was printed from.
    """
    asked, closed = asyncio.Event(), threading.Event()
    if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, asked.set)
    settle = partial(_warm, guard, closed)
    task = asyncio.create_task(_keep_up(guard, settings, locales, saved, asked, settle))
    try:
        yield
    finally:
        closed.set()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep_up(
    guard: Guard,
    settings: Settings,
    locales: Path,
    known: Stamps,
    asked: asyncio.Event,
    settle: Callable[[Edition], None],
) -> None:
    settling = asyncio.create_task(asyncio.to_thread(settle, guard.edition))
    while True:
        await _wait(asked, _patience(guard.edition, settings))
        current = stamps(locales)
        if not (asked.is_set() or current != known or guard.edition.is_stale):
            continue
        # In production, what has been saved is read when somebody says so, and not before.
        unasked = current if settings.production else known
        read = {} if asked.is_set() else unasked
        asked.clear()
        known = current
        if await asyncio.to_thread(reload, guard, settings, locales, read):
            await settling
            settling = asyncio.create_task(asyncio.to_thread(settle, guard.edition))


def _warm(guard: Guard, closed: threading.Event, edition: Edition) -> None:
    """Pack an edition for as long as it stands, and let go of the one before.

    What is printed stays; the collector would look at all of it again and again.
    """
    try:
        edition.compress_ahead(lambda: guard.edition is edition and not closed.is_set())
    except Exception as error:
        # Readers of that page are told of it; the others' pages are renewed all the same.
        log.error("A page cannot be printed: %s: %s", type(error).__name__, error)
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _patience(edition: Edition, settings: Settings) -> float | None:
    """Seconds until something may have changed without anybody saying so."""
    if not settings.production:
        return PAUSE
    if not edition.opening:
        return None
    return max((edition.opening.changes_at - datetime.now(UTC)).total_seconds(), 0) + PAUSE


async def _wait(asked: asyncio.Event, seconds: float | None) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(asked.wait(), seconds)


def reload(
    guard: Guard, settings: Settings, locales: Path, known: Stamps = MappingProxyType({})
) -> bool:
    """Put a new edition in the place of the old one, unless nothing has changed.

    Args:
        guard: whose edition.
        settings: what it is printed with.
        locales: where the catalogs are.
        known: stamps of the files that have been read; they are read again if saved since.

    Returns:
        whether there is a new one.
    """
    former = guard.edition
    try:
        texts = _read(former, locales, known)
        if texts == former.catalogs and not former.is_stale:
            return False
        guard.edition = reprint(former, settings, texts)
    except Exception as error:
        # Whatever is wrong with what was saved, readers keep what they had.
        log.error("The pages stay as they were: %s: %s", type(error).__name__, error)
        return False
    changed = [tag for tag in texts if texts[tag] is not former.catalogs.get(tag)]
    log.info("New pages: %s", ", ".join(changed) or "a language is gone")
    return True


def _read(former: Edition, locales: Path, known: Stamps) -> dict[str, Catalog]:
    """Each language's catalog: the saved one, or the former one where that is refused."""
    found = languages.discover(locales)
    current = stamps(locales)
    texts = {
        tag: former.catalogs.get(tag)
        if (path := locales / tag / CATALOG) in known and known[path] == current.get(path)
        else _taken(path, found[tag], former.catalogs.get(tag))
        for tag in catalogs.translated(found)
    }
    source = {found.source.tag: former.catalogs[found.source.tag]}
    return source | {tag: catalog for tag, catalog in texts.items() if catalog}


def _taken(path: Path, language: Language, former: Catalog | None) -> Catalog | None:
    try:
        catalog = catalogs.read(path, language)
        faults = catalog.faults
    except CatalogError as error:
        faults = (str(error),)
    if faults:
        for fault in faults:
            log.error("%s", fault)
        log.error("Refused. Run: portal catalogs check %s", language.tag)
        return former
    if former and (catalog.entries, catalog.fuzzy) == (former.entries, former.fuzzy):
        return former
    return catalog
