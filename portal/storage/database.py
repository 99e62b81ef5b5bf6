"""A database with many concurrent readers and one writer.

Readers run beside each other. Writing is done by one thread, the writer: it runs all waiting jobs
(at most ``BATCH``) in one transaction, so that they share one fsync. If a job raises, all are
run again, each in a savepoint of its own, so that only the faulty one fails; an error of the
database itself fails them all. No caller gets a result before the transaction is on disk.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby
from operator import attrgetter
from time import monotonic
from typing import Any, NamedTuple, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.util import greenlet_spawn

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

WAIT_SECONDS = 7.0
"""The timeout of one read or one write; a request may need several."""
BATCH = 250
"""The most jobs in one transaction."""
QUIET_TURNS = 3
"""Turns of the event loop without a new job, after which a batch is committed."""
QUEUE = 2000
"""The most jobs that may wait; further ones are refused at once."""

log = logging.getLogger(__name__)
Item = TypeVar("Item")
Result = TypeVar("Result")
Query = Callable[[sa.Connection], Result]
Job = Callable[[sa.Connection, Sequence[Any]], Sequence[Any]]


class Unavailable(Exception):
    """The database cannot be used at the moment. A write may be tried again."""


class _Waiting(NamedTuple):
    """An item in the queue, and the job that processes it."""

    job: Job
    item: Any
    done: asyncio.Future[Any]


class Database:
    """One database.

    Args:
        url: as in ``DATABASE_URL``.
        wait_seconds: the timeout of a read or write.
        metrics: record how long each transaction takes.
    """

    def __init__(
        self, url: str, wait_seconds: float = WAIT_SECONDS, metrics: Metrics | None = None
    ) -> None:
        self.is_failing = False
        """Whether a write failed by an error of the database, a timeout or a full queue, and none
        has succeeded since."""
        self._metrics = metrics or Metrics()
        self._wait_seconds = wait_seconds
        self._writing_engine, self._reading_engine = writing_engine(url), reading_engine(url)
        self._connection: sa.Connection | None = None
        self._thread = ThreadPoolExecutor(1, "writer")
        self._queue: deque[_Waiting] = deque()
        self._has_jobs = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start processing the queue."""
        self._task = asyncio.create_task(self._write_until_stopped())

    async def stop(self) -> None:
        """Run the waiting jobs, then close all connections that no reader uses."""
        if self._task:
            self._stopping = True
            self._has_jobs.set()
            await self._task
        await greenlet_spawn(self._reading_engine.dispose)
        self.close()

    def close(self) -> None:
        """Close the writer's connection; for a database that was not started."""
        self._thread.shutdown()
        if self._connection:
            self._connection.close()
        self._writing_engine.dispose()

    @property
    def queue_length(self) -> int:
        """How many jobs wait for the writer."""
        return len(self._queue)

    async def read(self, query: Query[Result]) -> Result:
        """Run a query beside others, on a connection of its own.

        The query is synchronous code. SQLAlchemy runs it in a greenlet, which is suspended while
        the database works, so it does not block the event loop. SQLAlchemy's ``AsyncEngine`` does
        the same for each statement, but imports the whole ORM (docs/decisions/0005).

        Args:
            query: reads on the given connection.

        Raises:
            Unavailable: when the database fails, or the query takes longer than the timeout; on
                SQLite only after the statement that runs then has ended.
        """
        try:
            async with asyncio.timeout(self._wait_seconds):
                return await greenlet_spawn(_run, self._reading_engine, query)
        except (SQLAlchemyError, TimeoutError) as error:
            raise _unavailable(error) from None

    def read_blocking(self, query: Query[Result]) -> Result:
        """Run a query without an event loop, for commands.

        Args:
            query: reads on the given connection.

        Raises:
            Unavailable: when the database fails.
        """
        try:
            return _run(self._writing_engine, query)
        except SQLAlchemyError as error:
            raise _unavailable(error) from None

    async def write(self, job: Callable[[sa.Connection], Result]) -> Result:
        """Run a job in the next transaction; return its result when that is committed.

        Args:
            job: reads and writes on the given connection. If it raises, only its own changes
                are rolled back. It may run twice: see the module.

        Raises:
            Unavailable: see ``write_together``.
        """
        return await self.write_together(_each, job)

    async def write_together(
        self,
        job: Callable[[sa.Connection, Sequence[Item]], Sequence[Result | Exception]],
        item: Item,
    ) -> Result:
        """Let a job process an item in the next transaction, together with other waiting items.

        Args:
            job: gets adjacent items of the queue that have this job; returns a result or an
                exception for each.
            item: the item of this call.

        Raises:
            Unavailable: when the write failed or timed out. After a timeout it may still
                be committed later.
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
        """A connection for commands; ``engines.begin`` begins its transactions.

        Raises:
            sqlalchemy.exc.OperationalError: when the database does not answer.
        """
        return self._writing_engine.connect()

    def upgrade(self) -> None:
        """Upgrade the tables to the newest revision; only waiting for locks has a time limit."""
        with self._writing_engine.connect() as connection, begin(connection):
            allow_long_statements(connection)
            migrations.upgrade(connection)

    def revisions(self) -> tuple[str, str]:
        """The revision of the database, and the newest one.

        Raises:
            Unavailable: when the database does not answer.
        """
        return self.read_blocking(migrations.current), migrations.newest()

    def refuse_newer(self) -> None:
        """Raise if a later version of the portal has changed the tables incompatibly.

        Raises:
            NewerDatabase: see ``migrations.refuse_newer``.
            Unavailable: when the database does not answer.
        """
        self.read_blocking(migrations.refuse_newer)

    def encoding(self) -> str:
        """The character encoding of the database by PostgreSQL's name, such as ``UTF8``.

        Raises:
            Unavailable: when the database does not answer.
        """
        return self.read_blocking(encoding)

    def differences(self) -> list[str]:
        """The differences between the tables of the database and those of the portal.

        Raises:
            Unavailable: when the database does not answer.
        """
        return self.read_blocking(migrations.differences)

    async def _write_until_stopped(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping:
            await self._has_jobs.wait()
            self._has_jobs.clear()
            while self._queue:
                await self._fill_batch()
                size = min(BATCH, len(self._queue))
                batch = [self._queue.popleft() for _ in range(size)]
                batch = [waiting for waiting in batch if not waiting.done.done()]
                begun = monotonic()
                results = await loop.run_in_executor(self._thread, self._commit, batch)
                self._metrics.observe("portal_commit_seconds", monotonic() - begun)
                for waiting, result in zip(batch, results, strict=True):
                    _settle(waiting.done, result)

    async def _fill_batch(self) -> None:
        """Wait until ``QUIET_TURNS`` turns of the event loop bring no job, or a batch is full.

        After a commit, its senders' next requests take some turns to arrive. Without the wait
        they would share no fsync with those that came during the commit (docs/decisions/0005).
        """
        quiet = 0
        while quiet < QUIET_TURNS and len(self._queue) < BATCH:
            length = len(self._queue)
            await asyncio.sleep(0)
            quiet = quiet + 1 if len(self._queue) == length else 0

    def _commit(self, batch: list[_Waiting]) -> list[Any]:
        """Run a batch in one transaction; each result is a value or an exception.

        If a job raises, all are run again in savepoints. An error of the database itself
        (disk full, locked, connection lost) fails the whole batch, because the state of the
        transaction is then unknown.
        """
        try:
            try:
                return self._in_transaction(_do_together, batch)
            except (OperationalError, InterfaceError):
                raise
            except Exception:
                return self._in_transaction(_do_separately, batch)
        except Exception as error:
            return [error] * len(batch)  # the writer goes on with the next batch

    def _in_transaction(
        self, do: Callable[[sa.Connection, list[_Waiting]], list[Any]], batch: list[_Waiting]
    ) -> list[Any]:
        with self._writing() as connection, begin(connection):
            return do(connection, batch)

    def _writing(self) -> AbstractContextManager[sa.Connection]:
        """A connection for one transaction.

        SQLite's stays open, because taking one from the pool costs as much as a statement.
        A server's is taken from the pool, and tested, each time.
        """
        if not stays_connected(self._writing_engine):
            return self._writing_engine.connect()
        if self._connection is None:
            self._connection = self._writing_engine.connect()
        return nullcontext(self._connection)


def _run(engine: sa.Engine, query: Query[Result]) -> Result:
    with engine.connect() as connection:
        return query(connection)


def _each(connection: sa.Connection, jobs: Sequence[Callable[[sa.Connection], Any]]) -> list[Any]:
    return [job(connection) for job in jobs]


def _do_together(connection: sa.Connection, batch: list[_Waiting]) -> list[Any]:
    results: list[Any] = []
    for job, group in groupby(batch, attrgetter("job")):
        items = [waiting.item for waiting in group]
        results += [result for _, result in zip(items, job(connection, items), strict=True)]
    return results


def _do_separately(connection: sa.Connection, batch: list[_Waiting]) -> list[Any]:
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
    """Give a caller its result, unless the caller has given up."""
    if done.done():
        return
    if isinstance(result, StopIteration):  # a future does not accept it
        result = RuntimeError(result)
    if isinstance(result, Exception):
        done.set_exception(result)
    else:
        done.set_result(result)


def _unavailable(error: BaseException) -> Unavailable:
    """Log the types of an error and its causes, not the text: that may be personal."""
    kinds = []
    cause: BaseException | None = error
    while cause:
        kinds.append(f"{type(cause).__name__} {error_code(cause)}".strip())
        cause = cause.__context__
    log.error("database unavailable: %s", " after ".join(kinds))
    return Unavailable()
