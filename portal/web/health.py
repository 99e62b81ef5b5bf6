"""Whether the portal is alive and ready, for load balancers and operators.

``/livez`` says that the process answers requests. ``/readyz`` says whether requests should
be sent to it. Pages need no database and no mail server, so a portal without them is ready all
the same, and says ``"messages": "failing"`` or ``"letters": "failing"``: if every node then
called itself unready, readers would lose the pages and the telephone number too.

Both are answered from memory, however long the database takes.

A node that is to stop says so before it stops (``Health.drain_at_sigterm``): a proxy that
learns of it only from refused connections has sent it some forms already.
"""

import asyncio
import json
import signal
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from portal import __version__
from portal.cases import outbox
from portal.storage import migrations
from portal.storage.database import Database, Unavailable
from portal.web.headers import NO_STORE
from portal.web.resources import FAST_QUALITY, TEXT, Resource, resource

ALIVE = ("/livez", "/healthz")
"""The second is the older name of the first."""
READY = "/readyz"
ANY_HOST = (*ALIVE, READY)
"""Answered under any host name: load balancers ask by an address of their own."""
LOOK_SECONDS = 10.0
"""Between two looks at the database."""
LATE_SECONDS = 3600
"""How long a letter may wait; after that letters are failing (deploy/alerts.yaml says it, too)."""


def alive() -> Resource:
    """The response that says that the process is alive."""
    return resource("ok", TEXT, cache=NO_STORE)


class Health:
    """What ``/readyz`` says of one application.

    Args:
        database: where messages are stored.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.status = "starting"
        """``starting``, ``ready``, ``behind`` (older tables than this version's), ``stopping``."""
        self.letters = outbox.State(None, 0)
        """How the outbox was doing at the last look."""

    @property
    def letter_age(self) -> float:
        """How many seconds overdue the oldest waiting letter is."""
        since = self.letters.waiting_since
        return (datetime.now(UTC) - since).total_seconds() if since else 0.0

    def drain_at_sigterm(self, seconds: int) -> None:
        """Serve on for some seconds after SIGTERM, while ``/readyz`` sends requests elsewhere.

        After that time the server gets the signal, and stops. A second SIGTERM, and SIGINT,
        reach it at once.
        """
        if threading.current_thread() is not threading.main_thread():
            return  # others get no signals
        loop, stop = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

        def drain(*_: object) -> None:
            self.status = "stopping"
            signal.signal(signal.SIGTERM, stop)
            loop.call_soon_threadsafe(loop.call_later, seconds, signal.raise_signal, signal.SIGTERM)

        signal.signal(signal.SIGTERM, drain)

    async def watch(self) -> None:
        """Look at the database again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Look at the revision of the tables, and at the outbox.

        The writer reads the revision, so that ``Database.is_failing`` tells whether it works.
        """
        with suppress(Unavailable):
            revision = await self._database.write(migrations.current)
            if self.status in {"ready", "behind"}:
                self.status = "behind" if revision < migrations.newest() else "ready"
            if self.status == "ready":
                now = datetime.now(UTC)
                self.letters = await self._database.read(lambda c: outbox.state(c, now))

    def show(self, coverage: Mapping[str, float]) -> Resource:
        """Whether requests should be sent here: 200, or 503.

        Args:
            coverage: the share of the texts that is translated, by language tag.
        """
        content = {
            "status": self.status,
            "messages": "failing" if self._database.is_failing else "ok",
            "letters": "failing" if self.letter_age > LATE_SECONDS else "ok",
            "catalogs": coverage,
            "version": __version__,
        }
        return resource(
            json.dumps(content),
            "application/json",
            status=200 if self.status == "ready" else 503,
            cache=NO_STORE,
            quality=FAST_QUALITY,
        )
