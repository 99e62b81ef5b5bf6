"""A database with concurrent readers and one writer.

Reading is asynchronous. One thread writes: it runs all waiting jobs in one transaction, so
that one fsync serves them all. If a job fails, each is run again in a savepoint of its own,
so that only the faulty one fails. No caller gets a result before the commit is on the disk.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from portal.metrics import Metrics
from portal.storage import migrations
from portal.storage.engines import (
    allow_long_statements,
    begin,
    encoding,
    error_code,
    reading_engine,
    stays_connected,
    writing_engine,
)

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

WAIT_SECONDS = 7.0
"""Time limit of a write; its sender gets a response within eight seconds."""
BATCH = 250
"""Most jobs in one commit."""
QUEUE = 2000
"""Jobs that may wait; more are refused at once."""

log = logging.getLogger(__name__)
Item = TypeVar("Item")
Result = TypeVar("Result")
Job = Callable[[sa.Connection, Sequence[Any]], Sequence[Any]]


class Unavailable(Exception):
    """The database cannot be used at the moment. The caller may try again."""


class _Waiting(NamedTuple):
    """A queued item, and the job that processes it."""

    job: Job
    item: Any
    done: asyncio.Future[Any]


class Database:
    """One database.

    Args:
        url: as in ``DATABASE_URL``.
        wait_seconds: the time limit of a read or a write.
        metrics: receives the duration of each transaction.
    """

    def __init__(
        self, url: str, wait_seconds: float = WAIT_SECONDS, metrics: Metrics | None = None
    ) -> None:
        self.is_failing = False
        """Whether the last write failed: refused, too slow, or turned away by a full queue."""
        self._metrics = metrics or Metrics()
        self._url = url
        self._wait_seconds = wait_seconds
        self._engine = writing_engine(url)
        self._connection: sa.Connection | None = None
        self._thread = ThreadPoolExecutor(1, "writer")
        self._queue: deque[_Waiting] = deque()
        self._has_jobs = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the task that writes queued jobs."""
        self._task = asyncio.create_task(self._write_until_stopped())
        # Import the reading engine while the first requests are served.
        self._thread.submit(lambda: self._readers)

    async def stop(self) -> None:
        """Write all queued jobs, then close all connections."""
        if self._task:
            self._stopping = True
            self._has_jobs.set()
            await self._task
        await self._readers.dispose()
        self.close()

    def close(self) -> None:
        """Close the writer's connection of a database that was not started."""
        self._thread.shutdown()
        if self._connection:
            self._connection.close()
        self._engine.dispose()

    @property
    def queue_length(self) -> int:
        """How many jobs wait for the writer."""
        return len(self._queue)

    @cached_property
    def _readers(self) -> "AsyncEngine":
        return reading_engine(self._url)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["AsyncConnection"]:
        """A connection to read with.

        Raises:
            Unavailable: when the database does not answer in time.
        """
        try:
            async with asyncio.timeout(self._wait_seconds), self._readers.connect() as connection:
                yield connection
        except (SQLAlchemyError, TimeoutError) as error:
            raise _unavailable(error) from None

    async def write(self, job: Callable[[sa.Connection], Result]) -> Result:
        """Run a job in the next transaction; returns after the commit is on the disk.

        Args:
            job: reads and writes on the connection that it gets. An exception undoes only this
                job. It may run twice, if another job of the transaction fails.

        Raises:
            Unavailable: as ``write_together`` does.
        """
        return await self.write_together(_each, job)

    async def write_together(
        self,
        job: Callable[[sa.Connection, Sequence[Item]], Sequence[Result | Exception]],
        item: Item,
    ) -> Result:
        """Run one job for all items that are queued for it, in the next transaction.

        Args:
            job: returns a result or an exception for each of its items.
            item: the caller's own item.

        Raises:
            Unavailable: when the write failed or timed out. After a timeout it may
                still be written later.
        """
        try:
            if len(self._queue) >= QUEUE:
                raise asyncio.QueueFull
            loop = asyncio.get_running_loop()
            waiting = _Waiting(job, item, loop.create_future())
            timer = loop.call_later(self._wait_seconds, _settle, waiting.done, TimeoutError())
            self._queue.append(waiting)
            self._has_jobs.set()
            try:
                result = cast(Result, await waiting.done)
            finally:
                timer.cancel()
            self.is_failing = False
            return result
        except (SQLAlchemyError, TimeoutError, asyncio.QueueFull) as error:
            self.is_failing = True
            raise _unavailable(error) from None

    def connect(self) -> AbstractContextManager[sa.Connection]:
        """A connection for tools; ``engines.begin`` begins a transaction on it.

        Raises:
            sqlalchemy.exc.OperationalError: when the database does not answer.
        """
        return self._engine.connect()

    def upgrade(self) -> None:
        """Upgrade the tables to the newest revision, without a time limit."""
        with self._engine.connect() as connection, begin(connection):
            allow_long_statements(connection)
            migrations.upgrade(connection)

    def revisions(self) -> tuple[str, str]:
        """The revision that the database has, and the newest.

        Raises:
            Unavailable: when the database does not answer.
        """
        return self._ask(migrations.current), migrations.newest()

    def refuse_newer(self) -> None:
        """Raise if a later version of the portal has changed the tables incompatibly.

        Raises:
            NewerDatabase: as ``migrations.refuse_newer`` does.
            Unavailable: when the database does not answer.
        """
        self._ask(migrations.refuse_newer)

    def encoding(self) -> str:
        """The character encoding of the database as PostgreSQL calls it, such as ``UTF8``.

        Raises:
            Unavailable: when the database does not answer.
        """
        return self._ask(encoding)

    def differences(self) -> list[str]:
        """The differences between the tables of the database and the portal's."""
        with self._engine.connect() as connection:
            return migrations.differences(connection)

    def _ask(self, question: Callable[[sa.Connection], Result]) -> Result:
        try:
            with self._engine.connect() as connection:
                return question(connection)
        except SQLAlchemyError as error:
            raise _unavailable(error) from None

    async def _write_until_stopped(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping:
            await self._has_jobs.wait()
            self._has_jobs.clear()
            while self._queue:
                size = min(BATCH, len(self._queue))
                batch = [self._queue.popleft() for _ in range(size)]
                batch = [waiting for waiting in batch if not waiting.done.done()]
                begun = monotonic()
                results = await loop.run_in_executor(self._thread, self._commit, batch)
                self._metrics.observe("portal_commit_seconds", monotonic() - begun)
                for waiting, result in zip(batch, results, strict=True):
                    _settle(waiting.done, result)

    def _commit(self, batch: list[_Waiting]) -> list[Any]:
        """Run a batch in one transaction; each result is a value or an exception.

        If a job raises, each job is run again in a savepoint. A fault of the database (full,
        locked, unreachable) fails the whole batch: the state of the transaction is unknown.
        """
        try:
            try:
                return self._in_transaction(_do_together, batch)
            except (OperationalError, InterfaceError):
                raise
            except Exception:
                return self._in_transaction(_do_apart, batch)
        except Exception as error:
            return [error] * len(batch)  # the writer goes on with the next batch

    def _in_transaction(
        self, do: Callable[[sa.Connection, list[_Waiting]], list[Any]], batch: list[_Waiting]
    ) -> list[Any]:
        with self._writing() as connection, begin(connection):
            return do(connection, batch)

    def _writing(self) -> AbstractContextManager[sa.Connection]:
        """A connection to write with.

        SQLite's stays open: taking one from the pool costs as much as a statement. For a
        server, the pool provides and tests one each time.
        """
        if not stays_connected(self._engine):
            return self._engine.connect()
        if self._connection is None:
            self._connection = self._engine.connect()
        return nullcontext(self._connection)


def _each(connection: sa.Connection, jobs: Sequence[Callable[[sa.Connection], Any]]) -> list[Any]:
    return [job(connection) for job in jobs]


def _do_together(connection: sa.Connection, batch: list[_Waiting]) -> list[Any]:
    results: list[Any] = []
    for job, group in groupby(batch, attrgetter("job")):
        items = [waiting.item for waiting in group]
        results += [result for _, result in zip(items, job(connection, items), strict=True)]
    return results


def _do_apart(connection: sa.Connection, batch: list[_Waiting]) -> list[Any]:
    results: list[Any] = []
    for waiting in batch:
        try:
            with connection.begin_nested():
                (result,) = waiting.job(connection, [waiting.item])
                results.append(result)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            results.append(error)
    return results


def _settle(done: asyncio.Future[Any], result: Any) -> None:
    """Give a caller its result, unless it no longer waits."""
    if done.done():
        return
    if isinstance(result, StopIteration):  # a future cannot hold it
        result = RuntimeError(result)
    if isinstance(result, Exception):
        done.set_exception(result)
    else:
        done.set_result(result)


def _unavailable(error: BaseException) -> Unavailable:
    """Log the types of the exceptions, but not their texts, which may quote a message."""
    kinds = []
    cause: BaseException | None = error
    while cause:
        kinds.append(f"{type(cause).__name__} {error_code(cause)}".strip())
        cause = cause.__context__
    log.error("database unavailable: %s", " after ".join(kinds))
    return Unavailable()
