"""SQLAlchemy engines for SQLite and PostgreSQL.

Most differences between the two databases are here. Others are in ``tables`` (the type of each
column), in ``migrations`` (each changes tables as it can), and where ``Settings.embedded`` is
asked, such as in ``serve``, which upgrades only SQLite's tables.

SQLite uses a write-ahead log, syncs every commit to disk (``synchronous=FULL``), and begins
writing transactions with ``BEGIN IMMEDIATE``. PostgreSQL has time limits for each
transaction, and an advisory lock for each writing one, so that only one node writes at a
time. On both, a transaction can therefore read and then write without losing updates.
Limits and locks end with their transaction, and no statement is prepared on the server, so
a connection pooler such as PgBouncer can be used in transaction mode.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

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
    # A prepared statement belongs to a server connection, which a pooler gives to other
    # clients; and it fails after an upgrade has added a column to its result.
    "prepare_threshold": None,
}
_LIMITS = """
SET LOCAL lock_timeout = 5000;
SET LOCAL statement_timeout = 6000;
SET LOCAL idle_in_transaction_session_timeout = 10000
"""
"""Milliseconds. Set in each transaction, because PgBouncer refuses them at connection time."""
_WRITERS_LOCK = 7_031_365
"""The key of the advisory lock that one writing node holds at a time."""


def writing_engine(url: str) -> sa.Engine:
    """The engine of the writer and of commands; ``begin`` begins transactions that write.

    The file of an SQLite database and its folder are created when the writer first connects;
    only its owner may read the file.

    Args:
        url: as in ``DATABASE_URL``.
    """
    if url.startswith("sqlite:"):
        path = sqlite_file(url)
        engine = sa.create_engine(
            url,
            pool_size=1,
            isolation_level="AUTOCOMMIT",
            paramstyle="named",
            hide_parameters=True,
            connect_args={"check_same_thread": False},
        )
        _prepare_sqlite(engine)
        sa.event.listen(engine, "do_connect", lambda *_: _make_file(path))
        return engine
    return _postgresql_engine(url, "psycopg", pool_size=1)


def _make_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with suppress(OSError):  # connecting fails, too, and tells why
            path.touch(0o600)  # SQLite gives its write-ahead log the same mode


@contextmanager
def begin(connection: sa.Connection) -> Iterator[None]:
    """A transaction that excludes all other writers; committed at the end of the block.

    The lock is taken by a statement and not by an SQLAlchemy event listener, which would make
    every statement on SQLite slower.
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
    """Lift the time limits until the transaction ends, except that on waiting for locks."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")


def reading_engine(url: str) -> sa.Engine:
    """An engine for many concurrent readers. Its driver is asynchronous: see ``Database.read``.

    Args:
        url: as in ``DATABASE_URL``.
    """
    if url.startswith("sqlite:"):
        with_driver = url.replace("sqlite:", "sqlite+aiosqlite:", 1)
        engine = sa.create_engine(with_driver, hide_parameters=True)
        _prepare_sqlite(engine)
        return engine
    return _postgresql_engine(url, "psycopg_async")


def encoding(connection: sa.Connection) -> str:
    """The character encoding of a database by PostgreSQL's name, such as ``UTF8``."""
    is_sqlite = connection.dialect.name == "sqlite"
    query = "PRAGMA encoding" if is_sqlite else "SHOW server_encoding"
    return str(connection.exec_driver_sql(query).scalar_one()).replace("-", "")


def text_search(
    dialect: sa.Dialect, words: Sequence[str], ascending: bool = False
) -> tuple[sa.Select[Any], dict[str, Any]]:
    """Build a search in ``case_texts``: each word must match the beginning of a word of the row.

    A single letter must match a whole word.

    Args:
        dialect: of the database.
        words: of letters, marks and numbers only, so that they contain no query syntax.
        ascending: whether to search the rows above ``edge`` in ascending order, rather than those
            below it in descending order.

    Returns:
        a statement and its values; the caller adds ``edge`` and ``count``, the limit of rows.
    """
    matches, word, prefix, operator = _TEXT_SEARCH[dialect.name]
    number: sa.ColumnClause[int] = sa.column("rowid")
    edge: sa.BindParameter[int] = sa.bindparam("edge")
    query = (
        sa.select(number)
        .select_from(sa.table("case_texts"))
        .where(sa.text(matches), number > edge if ascending else number < edge)
        .order_by(number if ascending else number.desc())
        .limit(sa.bindparam("count"))
    )
    pattern = operator.join((prefix if len(text) > 1 else word).format(text) for text in words)
    return query, {"words": pattern}


_TEXT_SEARCH = {
    "sqlite": ("case_texts MATCH :words", '"{}"', '"{}"*', " "),
    "postgresql": (
        "to_tsvector('simple', folded) @@ to_tsquery('simple', :words)",
        *("'{}'", "'{}':*", " & "),
    ),
}
"""The condition, and the query syntax of a word, of a prefix, and of "and"."""


def stays_connected(engine: sa.Engine) -> bool:
    """Whether a connection can be reused untested; a server may have closed it."""
    return engine.dialect.name == "sqlite"


def sqlite_file(url: str) -> Path:
    """The file of an SQLite database.

    Args:
        url: as in ``DATABASE_URL``, beginning with ``sqlite:``.
    """
    return Path(sa.make_url(url).database or "")


def error_code(error: BaseException) -> str:
    """The database's code of an error: SQLSTATE, or SQLite's name; empty if it has none."""
    return getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or ""


def _postgresql_engine(url: str, driver: str, **arguments: Any) -> sa.Engine:
    """An engine that sets the time limits at the beginning of every transaction."""
    engine = sa.create_engine(
        url.replace("postgresql:", f"postgresql+{driver}:", 1),
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args=_POSTGRESQL_ARGUMENTS,
        **arguments,
    )
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(_LIMITS))
    return engine


def _prepare_sqlite(engine: sa.Engine) -> None:
    """Set the pragmas on every connection, and turn off the driver's own transactions.

    The driver begins a transaction only before the first write: two transactions that read
    before they write can lose updates without an error.
    """

    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _SQLITE_PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    sa.event.listen(engine, "connect", connected)
