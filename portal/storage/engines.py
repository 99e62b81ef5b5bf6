"""How an engine of each kind is made.

Most differences between the two databases are here. The others: ``tables`` has the type of
each column, ``migrations`` changes tables as each can, and ``Settings.embedded`` decides
whether ``serve`` upgrades them.

SQLite: write-ahead log, every commit on the disk (``synchronous=FULL``), transactions that
begin with ``BEGIN IMMEDIATE``. PostgreSQL: time limits for each transaction, and an advisory
lock for each writing one, so that nodes write in turns. "Read, then write" is safe on both
without further care. Limits and locks end with their transaction, and no statement is
prepared on the server, so a connection pooler such as PgBouncer may stand between, in
transaction mode.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

_SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=5000",
    "foreign_keys=ON",
    "trusted_schema=OFF",
)
_POSTGRESQL_ARGUMENTS = {
    "connect_timeout": 3,
    "client_encoding": "utf8",
    # A prepared statement stays with a connection that a pooler gives to somebody else, and
    # fails when an upgrade adds a column to what it selects.
    "prepare_threshold": None,
}
_LIMITS = """
SET LOCAL lock_timeout = 5000;
SET LOCAL statement_timeout = 6000;
SET LOCAL idle_in_transaction_session_timeout = 10000
"""
"""Milliseconds, for each transaction on PostgreSQL. PgBouncer refuses them at the connection."""
_WRITERS_LOCK = 7_031_365
"""The key of the advisory lock by which nodes write in turns."""


def writing_engine(url: str) -> sa.Engine:
    """An engine with one connection, for the one writer; ``begin`` begins its transactions.

    The folder of an SQLite database is made when the writer first connects.

    Args:
        url: as in ``DATABASE_URL``.
    """
    if url.startswith("sqlite:"):
        folder = sqlite_file(url).parent
        engine = sa.create_engine(
            url,
            pool_size=1,
            isolation_level="AUTOCOMMIT",
            paramstyle="named",
            hide_parameters=True,
            connect_args={"check_same_thread": False},
        )
        _prepare_sqlite(engine)
        sa.event.listen(engine, "do_connect", lambda *_: folder.mkdir(parents=True, exist_ok=True))
        return engine
    engine = sa.create_engine(
        _with_driver(url),
        pool_size=1,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args=_POSTGRESQL_ARGUMENTS,
    )
    _limit_transactions(engine)
    return engine


@contextmanager
def begin(connection: sa.Connection) -> Iterator[None]:
    """A transaction that excludes all other writers; committed at the end of the block.

    The lock is taken by a statement and not in an SQLAlchemy event: an event that is registered
    makes every statement of the engine slower.
    """
    with connection.begin():
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})")
        yield


@contextmanager
def snapshot(connection: sa.Connection) -> Iterator[None]:
    """A transaction that reads one state of the database, whatever others write meanwhile.

    Its statements have no time limit.
    """
    with connection.begin():
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        allow_long_statements(connection)
        yield


def allow_long_statements(connection: sa.Connection) -> None:
    """Lift the limits on statements until the transaction ends; waits for locks stay limited."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")


def reading_engine(url: str) -> "AsyncEngine":
    """An engine for many readers at a time.

    Its package is imported here and not at the start, since it brings the whole ORM.
    """
    from sqlalchemy.ext.asyncio import create_async_engine

    if url.startswith("sqlite:"):
        with_driver = url.replace("sqlite:", "sqlite+aiosqlite:", 1)
        engine = create_async_engine(with_driver, hide_parameters=True)
        _prepare_sqlite(engine.sync_engine)
        return engine
    engine = create_async_engine(
        _with_driver(url),
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args=_POSTGRESQL_ARGUMENTS,
    )
    _limit_transactions(engine.sync_engine)
    return engine


def encoding(connection: sa.Connection) -> str:
    """The character encoding of a database as PostgreSQL calls it, such as ``UTF8``."""
    is_sqlite = connection.dialect.name == "sqlite"
    query = "PRAGMA encoding" if is_sqlite else "SHOW server_encoding"
    return str(connection.exec_driver_sql(query).scalar_one()).replace("-", "")


def text_search(
    dialect: sa.Dialect, words: Sequence[str], up: bool = False
) -> tuple[sa.Select[Any], dict[str, Any]]:
    """Build a search in ``case_texts``: each word must match the beginning of a word of the row.

    A single letter must match a whole word.

    Args:
        dialect: of the database.
        words: of letters and digits alone, so that nothing in them is syntax.
        up: whether rows above the edge are searched, from the lowest up.

    Returns:
        a statement and its values, without the ``edge`` and the ``count`` of rows.
    """
    matches, word, prefix, joint = _TEXT_SEARCH[dialect.name]
    number: sa.ColumnClause[int] = sa.column("rowid")
    edge: sa.BindParameter[int] = sa.bindparam("edge")
    query = (
        sa.select(number)
        .select_from(sa.table("case_texts"))
        .where(sa.text(matches), number > edge if up else number < edge)
        .order_by(number if up else number.desc())
        .limit(sa.bindparam("count"))
    )
    pattern = joint.join((prefix if len(text) > 1 else word).format(text) for text in words)
    return query, {"words": pattern}


_TEXT_SEARCH = {
    "sqlite": ("case_texts MATCH :words", '"{}"', '"{}"*', " "),
    "postgresql": (
        "to_tsvector('simple', folded) @@ to_tsquery('simple', :words)",
        *("'{}'", "'{}':*", " & "),
    ),
}
"""The condition, a word, the beginning of a word, and what stands between two."""


def stays_connected(engine: sa.Engine) -> bool:
    """Whether a connection may be used again unchecked: a server may hang up, a file does not."""
    return engine.dialect.name == "sqlite"


def sqlite_file(url: str) -> Path:
    """The file of an SQLite database.

    Args:
        url: as in ``DATABASE_URL``, beginning with ``sqlite:``.
    """
    return Path(sa.make_url(url).database or "")


def error_code(error: BaseException) -> str:
    """The code that a database gives to a fault: SQLSTATE, or SQLite's name for it."""
    return getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or ""


def _with_driver(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg:", 1)


def _limit_transactions(engine: sa.Engine) -> None:
    """Begin every transaction on PostgreSQL with its limits."""
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(_LIMITS))


def _prepare_sqlite(engine: sa.Engine) -> None:
    """Set the pragmas on every connection, and leave transactions to us.

    The driver begins transactions of its own too late: two that read before they write
    lose updates without an error.
    """

    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _SQLITE_PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    sa.event.listen(engine, "connect", connected)
