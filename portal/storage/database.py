"""Where messages are kept: an SQLite file of the portal's own, or PostgreSQL.

Reading is asynchronous and many at a time. Writing is one at a time, in one
thread: whatever waits is written in one transaction, so that one fsync serves all of
it. Should a piece of it be bad, each is done again in a savepoint of its own, so that
the bad one fails alone. Nobody is told "done" before the transaction is committed and
on the disk. With PostgreSQL the nodes take turns by an advisory lock, so that "read,
then write" is safe everywhere without further care. This is the only room where the
two databases differ.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from functools import cached_property
from itertools import cycle, groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from portal.storage import migrations

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

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


class _Job(NamedTuple):
    """One thing to be written: work, and what to do it with."""

    work: Work
    item: Any
    done: asyncio.Future[Any]
    until: float
    """When it is given up, by the loop's clock."""


class CompiledStatement:
    """A statement for the writer, put into the words of each kind of database once.

    The driver is given the words and values as they are kept: SQLAlchemy takes longer to
    find a statement that it has seen, to look through its values and to make ready for
    what it might give, than SQLite takes to run it.

    Args:
        statement: a Core statement; ``among`` in it is a list of any length.
        columns: those that an INSERT fills.
    """

    def __init__(self, statement: sa.ClauseElement, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = columns
        self._words: dict[tuple[str, int], str] = {}

    def __call__(
        self, connection: sa.Connection, values: dict[str, Any], among: Collection[int] = ()
    ) -> Any:
        """Run it; gives the driver's cursor.

        Raises:
            DBAPIError: what SQLAlchemy raises for a fault of the driver's.
        """
        # As wide as a power of two, filled with what is there already: there are few widths.
        width = 1 << (len(among) - 1).bit_length() if among else 0
        places = (f"among_{place}" for place in range(1, width + 1))
        listed = dict(zip(places, cycle(among), strict=False))
        return self._run(connection, width, "execute", values | listed)

    def for_each(self, connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
        """Run it for each of several rows; a row more costs little.

        Raises:
            DBAPIError: as above.
        """
        self._run(connection, 0, "executemany", rows)

    def _run(self, connection: sa.Connection, width: int, way: str, values: Any) -> Any:
        dialect = connection.dialect
        key = dialect.name, width
        if key not in self._words:
            self._words[key] = self._put(dialect, width)
        fault = dialect.loaded_dbapi.Error
        cursor = connection.connection.cursor()
        try:
            getattr(cursor, way)(self._words[key], values)
        except fault as error:
            words = self._words[key]
            raise DBAPIError.instance(words, {}, error, fault, True, dialect=dialect) from error
        return cursor

    def _put(self, dialect: sa.Dialect, width: int) -> str:
        """The statement in a dialect's words."""
        statement = self._statement
        if width:
            nothing = dict.fromkeys(statement.compile().params)
            statement = statement.params(nothing | {"among": [0] * width})
        return str(
            statement.compile(
                dialect=dialect,
                column_keys=self._columns,
                compile_kwargs={"render_postcompile": width > 0},
            )
        )


class Database:
    """One database, with its readers and its writer.

    Args:
        url: as in ``DATABASE_URL``.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine = _writer(url)
        self._kept: sa.Connection | None = None
        self._thread = ThreadPoolExecutor(1, "writer")
        self._waiting: deque[_Job] = deque()
        self._writing: list[_Job] = []
        self._more = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._late: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Begin to write what is put in the queue."""
        self._task = asyncio.create_task(self._write_until_stopped())
        # What reading needs is imported beside the first answers, and not before them.
        self._thread.submit(lambda: self._readers)

    async def stop(self) -> None:
        """Finish what waits, then let go of the database."""
        if self._task:
            self._stopping = True
            self._more.set()
            await self._task
        if self._late:
            self._late.cancel()
        await self._readers.dispose()
        self.close()

    def close(self) -> None:
        """Let go of the writer's connection, where nothing was started."""
        self._thread.shutdown()
        if self._kept:
            self._kept.close()
        self._engine.dispose()

    @cached_property
    def _readers(self) -> "AsyncEngine":
        return _readers(self._url)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["AsyncConnection"]:
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
        piece = _Job(work, item, loop.create_future(), loop.time() + WAIT_SECONDS)
        try:
            self._put(piece)
            return cast(Result, await piece.done)
        except (SQLAlchemyError, TimeoutError, asyncio.QueueFull) as error:
            raise _unavailable(error) from None

    def _put(self, piece: _Job) -> None:
        if len(self._waiting) >= QUEUE:
            raise asyncio.QueueFull
        self._waiting.append(piece)
        self._more.set()
        if self._late is None:
            self._late = piece.done.get_loop().call_at(piece.until, self._give_up)

    def _give_up(self) -> None:
        """Tell those that have waited too long. One timer for all: they come in order."""
        self._late = None
        for piece in [*self._writing, *self._waiting]:
            loop = piece.done.get_loop()
            if piece.until > loop.time():
                self._late = loop.call_at(piece.until, self._give_up)
                return
            _tell(piece.done, TimeoutError())

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

    async def _write_until_stopped(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                pieces = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                self._writing = [piece for piece in pieces if not piece.done.done()]
                results = await loop.run_in_executor(self._thread, self._commit, self._writing)
                for piece, result in zip(self._writing, results, strict=True):
                    _tell(piece.done, result)
                self._writing = []

    def _commit(self, batch: list[_Job]) -> list[Any]:
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
        except Exception as error:
            return [error] * len(batch)  # whatever it was, the next batch is another matter

    def _in_transaction(self, way: Callable[..., list[Any]], batch: list[_Job]) -> list[Any]:
        with self._connected() as connection, connection.begin():
            return way(connection, batch)

    def _connected(self) -> AbstractContextManager[sa.Connection]:
        """A connection to write with.

        SQLite's is kept, since taking one from the pool costs as much as a statement. A
        server may hang up meanwhile, so there one is taken, and tried, each time.
        """
        if self._engine.dialect.name != "sqlite":
            return self._engine.connect()
        if self._kept is None:
            self._kept = self._engine.connect()
        return nullcontext(self._kept)


def _each(connection: sa.Connection, works: Sequence[Callable[[sa.Connection], Any]]) -> list[Any]:
    return [work(connection) for work in works]


def _together(connection: sa.Connection, batch: list[_Job]) -> list[Any]:
    results: list[Any] = []
    for work, pieces in groupby(batch, attrgetter("work")):
        items = [piece.item for piece in pieces]
        results += [result for _, result in zip(items, work(connection, items), strict=True)]
    return results


def _apart(connection: sa.Connection, batch: list[_Job]) -> list[Any]:
    return [_attempt(connection, piece) for piece in batch]


def _attempt(connection: sa.Connection, piece: _Job) -> Any:
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
    if isinstance(result, StopIteration):  # which no future can carry
        result = RuntimeError(result)
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
            url,
            pool_size=1,
            paramstyle="named",
            hide_parameters=True,
            connect_args={"check_same_thread": False},
        )
        _prepare_sqlite(engine)
        return _beginning(engine, "BEGIN IMMEDIATE")
    engine = sa.create_engine(
        _psycopg(url),
        pool_size=1,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 3, "options": _POSTGRESQL_OPTIONS},
    )
    return _beginning(engine, f"SELECT pg_advisory_xact_lock({_TURN})")


def _beginning(engine: sa.Engine, statement: str) -> sa.Engine:
    """Begin every transaction with a statement.

    Not by an event: an engine that has one looks for more at each statement, which
    takes an eighth of the time of a message that is written alone.
    """

    def begin(connection: Any) -> None:
        connection.execute(statement)

    engine.dialect.do_begin = begin  # type: ignore[method-assign,assignment]
    return engine


def _readers(url: str) -> "AsyncEngine":
    """An engine to read with; its package is imported late, since it brings the whole ORM."""
    from sqlalchemy.ext.asyncio import create_async_engine

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
