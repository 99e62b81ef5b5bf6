"""Reloading: a new edition when a catalog is saved, or telephone hours begin or end.

1. A trigger: a catalog was saved (development looks four times a second), SIGHUP was
   received, or telephone hours begin or end.
2. The saved catalogs are read; after SIGHUP, all are. ``i18n.catalogs`` decides what of them is
   shown. The language of a file that is refused keeps its texts. The log names every fault.
3. A whole new edition is built, in a thread.
4. It replaces the old edition in one step.
5. Its pages are compressed in the background, before readers ask for them.
"""

import asyncio
import gc
import logging
import signal
import threading
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from portal.i18n import catalogs
from portal.i18n.catalogs import Catalog, CatalogError
from portal.i18n.languages import CATALOG, discover
from portal.settings import Settings
from portal.web.edition import Edition, build_from

LOOK_SECONDS = 0.25
"""The interval at which the files are looked at, in development."""

GONE_SECONDS = 2.0
"""How long a file may be missing: some editors and tools move it before they save."""

Stamps = Mapping[Path, tuple[int, int, int]]
"""The mtime and ctime (nanoseconds) and the size of each catalog."""

log = logging.getLogger(__name__)


class Site(Protocol):
    """The object whose ``edition`` is replaced; in the application that is ``Guard``."""

    edition: Edition


def read_stamps(locales: Path, pattern: str = f"*/{CATALOG}") -> Stamps:
    """The stamps of all catalogs, or of other files below their folder."""
    stamps = {}
    for path in locales.glob(pattern):
        with suppress(FileNotFoundError):
            status = path.stat()
            stamps[path] = status.st_mtime_ns, status.st_ctime_ns, status.st_size
    return stamps


@asynccontextmanager
async def reloading(
    site: Site, settings: Settings, locales: Path, stamps: Stamps
) -> AsyncIterator[None]:
    """Keep a site's edition up to date until the end of the block.

    Args:
        site: whose edition.
        settings: what editions are built with.
        locales: where the catalogs are.
        stamps: of the catalogs that the present edition was built from.
    """
    announced, interrupted = asyncio.Event(), threading.Event()
    if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, announced.set)
    with ThreadPoolExecutor(1, "edition") as thread:
        task = asyncio.create_task(
            _keep_up(site, settings, locales, stamps, announced, interrupted, thread)
        )
        try:
            yield
        finally:
            interrupted.set()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _keep_up(
    site: Site,
    settings: Settings,
    locales: Path,
    stamps: Stamps,
    announced: asyncio.Event,
    interrupted: threading.Event,
    thread: ThreadPoolExecutor,
) -> None:
    loop = asyncio.get_running_loop()
    failed: set[Path] = set()
    while True:
        interrupted.clear()
        thread.submit(compress, site.edition, interrupted)
        stamps, saved = await _next_change(site.edition, settings, locales, stamps, announced)
        # Both run on one thread: building waits only until the page at hand is compressed.
        interrupted.set()
        if failed:
            saved = failed | (saved or set())
        done = await loop.run_in_executor(thread, reload, site, settings, locales, saved)
        failed = set() if done else saved or set()


async def _next_change(
    edition: Edition, settings: Settings, locales: Path, stamps: Stamps, announced: asyncio.Event
) -> tuple[Stamps, set[Path] | None]:
    """Wait for a trigger.

    Returns:
        the current stamps, and the catalogs to read; None where telephone hours begin or end.
    """
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(announced.wait(), _seconds_to_wait(edition, settings))
        is_announced = announced.is_set()
        if is_announced or (not settings.production and read_stamps(locales) != stamps):
            announced.clear()
            current = read_stamps(locales)
            if not current.keys() >= stamps.keys():
                await asyncio.sleep(GONE_SECONDS)
                current = read_stamps(locales)
            saved = {path for path in current if current[path] != stamps.get(path)}
            return current, {*current} if is_announced else saved
        if edition.is_stale(datetime.now(UTC)):
            return stamps, None


def _seconds_to_wait(edition: Edition, settings: Settings) -> float | None:
    """Seconds until the next look without a signal; None for never."""
    if not settings.production:
        return LOOK_SECONDS
    if not edition.opening:
        return None
    seconds = (edition.opening.changes_at - datetime.now(UTC)).total_seconds()
    return max(seconds, 0) + LOOK_SECONDS


def compress(edition: Edition, interrupted: threading.Event) -> None:
    """Compress the pages of an edition, unless interrupted.

    Then all objects are frozen (``gc.freeze``), so that the garbage collector no longer looks
    through the edition.
    """
    try:
        edition.compress_ahead(lambda: not interrupted.is_set())
    except Exception as error:
        # Readers of that page get an error page; all others are still served.
        log.error("A page cannot be built: %s: %s", type(error).__name__, error)
    if not interrupted.is_set():
        gc.unfreeze()
        gc.collect()
        gc.freeze()


def reload(
    site: Site, settings: Settings, locales: Path, saved: Collection[Path] | None = None
) -> bool:
    """Replace the edition by a new one, unless nothing has changed.

    Args:
        site: whose edition is replaced.
        settings: what it is built with.
        locales: where the catalogs are.
        saved: the catalogs to read; None where the telephone has opened or closed.

    Returns:
        False where an error, which is logged, left the edition as it was.
    """
    former, now = site.edition, datetime.now(UTC)
    try:
        current = former.catalogs
        if saved is not None:
            current = _read_saved(locales, saved, former.catalogs)
        if current == former.catalogs and not former.is_stale(now):
            return True
        site.edition = build_from(settings, current, now, former.resources.compressed())
    except Exception as error:
        # Whatever goes wrong, the old edition stays.
        log.error("The pages stay as they were: %s: %s", type(error).__name__, error)
        return False
    changed = [tag for tag in current if current[tag] is not former.catalogs.get(tag)]
    log_faults(current[tag] for tag in changed)
    gone = [tag for tag in former.catalogs if tag not in current]
    log.info("New pages: %s", ", ".join(changed + gone) or "telephone hours have begun or ended")
    if gone:
        log.warning("No catalog any more, so no pages: %s", ", ".join(gone))
    return True


def _read_saved(
    locales: Path, saved: Collection[Path], former: Mapping[str, Catalog]
) -> dict[str, Catalog]:
    """All catalogs: saved ones are read, the others are unchanged."""
    languages = discover(locales)
    source = languages.source.tag
    current = {source: former[source]}
    for tag in catalogs.translated(languages):
        path, catalog = locales / tag / CATALOG, former.get(tag)
        if path in saved:
            try:
                catalog = catalogs.read(path, languages[tag], catalog)
            except CatalogError as error:
                log.error("Refused: %s. %s", error, error.fault.explain().remedy)
        if catalog:
            current[tag] = catalog
    return current


def log_faults(read: Iterable[Catalog]) -> None:
    """Name the texts that are left out of catalogs because of an error."""
    for catalog in read:
        for fault in catalog.faults:
            tag = catalog.language.tag
            log.warning("Shown in Swedish: %s. Run: portal catalogs check %s", fault, tag)
