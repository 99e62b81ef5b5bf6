"""Where messages are kept: an SQLite file of the portal's own, or PostgreSQL.

Reading is asynchronous and many at a time. Writing is one at a time, in one
thread: whatever waits is written in one transaction, so that one fsync serves all of
it. Should a piece of it be bad, each is done again in a savepoint of its own, so that
the bad one fails alone. Nobody
is told "done" before the transaction is committed and on the disk. With
PostgreSQL the nodes take turns by an advisory lock, so that "read, then write"
is safe everywhere without further care. This is the only room where the two
databases differ.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from portal import migrations

WAIT_SECONDS = 7.0
"""A write not done by then is given up; the sender hears so within eight seconds."""
BATCH = 250
"""So many writes share a commit at the most."""
QUEUE = 2000
"""So many writes may wait; more are turned away at once."""

_SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=5000",
    "foreign_keys=ON",
    "trusted_schema=OFF",
)
_POSTGRESQL_OPTIONS = (
    "-c lock_timeout=5000 -c statement_timeout=6000 -c idle_in_transaction_session_timeout=10000"
)
_TURN = 7_031_365
"""The key of the advisory lock by which nodes take turns."""

log = logging.getLogger(__name__)
Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[sa.Connection, Sequence[Any]], Sequence[Any]]


class Unavailable(Exception):
    """The database cannot be used just now. What was to be written may be sent again."""


@dataclass(frozen=True)
class _Piece:
    """One thing to be written: work, and what to do it with."""

    work: Work
    item: Any
    done: asyncio.Future[Any]


class Database:
    """One database, with its readers and its writer.

    Args:
        url: as in ``DATABASE_URL``.
    """

    def __init__(self, url: str) -> None:
        self._readers = _readers(url)
        self._engine = _writer(url)
        self._thread = ThreadPoolExecutor(1, "writer")
        self._waiting: asyncio.Queue[_Piece] = asyncio.Queue(QUEUE)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to write what is put in the queue."""
        self._task = asyncio.create_task(self._write_for_ever())

    async def stop(self) -> None:
        """Finish what waits, then let go of the database."""
        if self._task:
            await self._waiting.join()
            self._task.cancel()
        await self._readers.dispose()
        self.close()

    def close(self) -> None:
        """Let go of the writer's connection, where nothing was started."""
        self._thread.shutdown()
        self._engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read with.

        Raises:
            Unavailable: when the database does not answer in time.
        """
        try:
            async with asyncio.timeout(WAIT_SECONDS), self._readers.connect() as connection:
                yield connection
        except (SQLAlchemyError, TimeoutError) as error:
            raise _unavailable(error) from None

    async def write(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Do a piece of work in the next transaction; what it returns is on the disk.

        Args:
            work: reads and writes on the connection it is given; what it raises
                undoes it alone. It may be done twice, if others' work was bad.

        Raises:
            Unavailable: as ``write_together`` does.
        """
        return await self.write_together(_each, work)

    async def write_together(
        self,
        work: Callable[[sa.Connection, Sequence[Item]], Sequence[Result | Exception]],
        item: Item,
    ) -> Result:
        """Do the same work for all items that wait for it, in the next transaction.

        Args:
            work: gives a result or an exception for each of the items it is given.
            item: one of them.

        Raises:
            Unavailable: when it could not be written, or not in time. In the second
                case it may still be written later.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Result] = loop.create_future()
        late = loop.call_later(WAIT_SECONDS, _tell, done, TimeoutError())
        try:
            self._waiting.put_nowait(_Piece(work, item, done))
            return await done
        except (SQLAlchemyError, TimeoutError, asyncio.QueueFull) as error:
            raise _unavailable(error) from None
        finally:
            late.cancel()

    def upgrade(self) -> None:
        """Bring the tables to the newest revision."""
        with self._engine.begin() as connection:
            migrations.upgrade(connection)

    def revisions(self) -> tuple[str, str]:
        """The revision that the database has, and the newest.

        Raises:
            Unavailable: when the database does not answer.
        """
        try:
            with self._engine.connect() as connection:
                return migrations.current(connection), migrations.newest()
        except SQLAlchemyError as error:
            raise _unavailable(error) from None

    def differences(self) -> list[str]:
        """Where the database's tables are not the portal's."""
        with self._engine.connect() as connection:
            return migrations.differences(connection)

    async def _write_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            pieces = [await self._waiting.get()]
            while not self._waiting.empty() and len(pieces) < BATCH:
                pieces.append(self._waiting.get_nowait())
            wanted = [piece for piece in pieces if not piece.done.done()]
            results = await loop.run_in_executor(self._thread, self._commit, wanted)
            for piece, result in zip(wanted, results, strict=True):
                _tell(piece.done, result)
            for _ in pieces:
                self._waiting.task_done()

    def _commit(self, batch: list[_Piece]) -> list[Any]:
        """Write a batch in one transaction; each result is a value or an exception.

        A fault of a piece is its own: each is then done again in a savepoint of its
        own. A fault of the database (full, locked, gone) is everybody's, since nothing
        can be said about the transaction after it.
        """
        try:
            try:
                return self._in_transaction(_together, batch)
            except (OperationalError, InterfaceError):
                raise
            except Exception:
                return self._in_transaction(_apart, batch)
        except SQLAlchemyError as error:
            return [error] * len(batch)

    def _in_transaction(self, way: Callable[..., list[Any]], batch: list[_Piece]) -> list[Any]:
        with self._engine.begin() as connection:
            return way(connection, batch)


def _each(connection: sa.Connection, works: Sequence[Callable[[sa.Connection], Any]]) -> list[Any]:
    return [work(connection) for work in works]


def _together(connection: sa.Connection, batch: list[_Piece]) -> list[Any]:
    results: list[Any] = []
    for work, pieces in groupby(batch, attrgetter("work")):
        results += work(connection, [piece.item for piece in pieces])
    return results


def _apart(connection: sa.Connection, batch: list[_Piece]) -> list[Any]:
    return [_attempt(connection, piece) for piece in batch]


def _attempt(connection: sa.Connection, piece: _Piece) -> Any:
    try:
        with connection.begin_nested():
            (result,) = piece.work(connection, [piece.item])
            return result
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        return error


def _tell(done: asyncio.Future[Any], result: Any) -> None:
    if done.done():
        return
    if isinstance(result, Exception):
        done.set_exception(result)
    else:
        done.set_result(result)


def _unavailable(error: BaseException) -> Unavailable:
    """Log the kinds of fault; what they say may carry a person's words, so that is left out."""
    kinds = []
    cause: BaseException | None = error
    while cause:
        code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", "")
        kinds.append(f"{type(cause).__name__} {code}".strip())
        cause = cause.__context__
    log.error("database unavailable: %s", " after ".join(kinds))
    return Unavailable()


def _writer(url: str) -> sa.Engine:
    if url.startswith("sqlite:"):
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(
            url, pool_size=1, hide_parameters=True, connect_args={"check_same_thread": False}
        )
        _prepare_sqlite(engine)
        sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
        return engine
    engine = sa.create_engine(
        _psycopg(url),
        pool_size=1,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 3, "options": _POSTGRESQL_OPTIONS},
    )
    take_turn = f"SELECT pg_advisory_xact_lock({_TURN})"
    sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql(take_turn))
    return engine


def _readers(url: str) -> AsyncEngine:
    if url.startswith("sqlite:"):
        engine = create_async_engine(
            url.replace("sqlite:", "sqlite+aiosqlite:", 1), hide_parameters=True
        )
        _prepare_sqlite(engine.sync_engine)
        return engine
    return create_async_engine(
        _psycopg(url),
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 3, "options": _POSTGRESQL_OPTIONS},
    )


def _psycopg(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg:", 1)


def _prepare_sqlite(engine: sa.Engine) -> None:
    """Set the pragmas on every connection, and leave transactions to us.

    With its own transactions the driver begins them too late, and two that read
    before they write lose updates without a word.
    """

    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _SQLITE_PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    sa.event.listen(engine, "connect", connected)
