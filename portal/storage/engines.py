"""SQLAlchemy engines for SQLite and PostgreSQL.

Most differences between the two databases are here. The others: column types in ``tables``,
table changes in ``migrations``, and what depends on ``Settings.embedded`` at the start.

SQLite: write-ahead log, every commit on the disk (``synchronous=FULL``), transactions that
begin with ``BEGIN IMMEDIATE``. PostgreSQL: time limits for each transaction, and an advisory
lock for each writing one, so that nodes write in turns. "Read, then write" is safe on both
without further care. Limits and locks end with their transaction, and no statement is
prepared on the server, so a connection pooler such as PgBouncer can be used in
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
    # A pooler gives a connection with its prepared statements to other clients, and a prepared
    # statement fails after an upgrade has added a column to its result.
    "prepare_threshold": None,
}
_LIMITS = """
SET LOCAL lock_timeout = 5000;
SET LOCAL statement_timeout = 6000;
SET LOCAL idle_in_transaction_session_timeout = 10000
"""
"""Milliseconds, set in each transaction: PgBouncer refuses them as connection parameters."""
_WRITERS_LOCK = 7_031_365
"""The key of the advisory lock by which nodes write in turns."""


def writing_engine(url: str) -> sa.Engine:
    """An engine with one connection, for the one writer; ``begin`` begins its transactions.

    The folder of an SQLite database is created when the writer first connects.

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

    A plain statement takes the lock rather than a SQLAlchemy event: a registered event makes
    every later statement slower, which matters on SQLite.
    """
    with connection.begin():
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})")
        yield


@contextmanager
def snapshot(connection: sa.Connection) -> Iterator[None]:
    """A transaction that reads one state of the database, whatever others write meanwhile."""
    with connection.begin():
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def allow_long_statements(connection: sa.Connection) -> None:
    """Lift the limits on statements until the transaction ends; waits for locks stay limited."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")


def reading_engine(url: str) -> "AsyncEngine":
    """An engine for many concurrent readers.

    Its package is imported here, because it imports the whole ORM, which is slow.
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
    """Build a search in ``case_texts``: each word must be the beginning of a word of the row.

    A word of a single letter must match a whole word.

    Args:
        dialect: of the database.
        words: of letters and digits only, so that they contain no query syntax.
        up: whether to search the rows above ``edge`` in ascending order, rather than those
            below it in descending order.

    Returns:
        a statement and its values; the caller adds ``edge`` and ``count``, the limit of rows.
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
"""The condition, a word, the beginning of a word, and the operator between two."""


def stays_connected(engine: sa.Engine) -> bool:
    """Whether a connection can be reused without a check: only a server can close it."""
    return engine.dialect.name == "sqlite"


def sqlite_file(url: str) -> Path:
    """The file of an SQLite database.

    Args:
        url: as in ``DATABASE_URL``, beginning with ``sqlite:``.
    """
    return Path(sa.make_url(url).database or "")


def error_code(error: BaseException) -> str:
    """The error code of the database: an SQLSTATE, or SQLite's name; empty if it has none."""
    return getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or ""


def _with_driver(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg:", 1)


def _limit_transactions(engine: sa.Engine) -> None:
    """Begin every transaction on PostgreSQL with its limits."""
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(_LIMITS))


def _prepare_sqlite(engine: sa.Engine) -> None:
    """Set the pragmas on every connection, and turn off the driver's own transactions.

    The driver begins a transaction only at the first write, so two transactions that read
    before they write would silently lose updates.
    """

    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _SQLITE_PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    sa.event.listen(engine, "connect", connected)
