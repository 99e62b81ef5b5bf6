"""Making, verifying and restoring backups of an SQLite database.

A backup is one file with the state of the database at one moment. Every file written here
gets its name only when it is complete and on the disk. Anything uncertain raises
``BackupFault``: a backup must be certain to work on the day that it is needed.
"""

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from portal.settings import Settings
from portal.storage import migrations
from portal.storage.engines import sqlite_file
from portal.storage.secret_key import key_file, open_secret_key

DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
"""The primary result codes of SQLite for a file that is no sound database."""
BOOKKEEPING = re.compile("alembic_version|counts|oldest_code|case_texts_.*")
"""Tables that have rows even in a database without content."""


class BackupFault(Exception):
    """Why something cannot be backed up, restored or trusted; the text is for the operator."""


class Table(NamedTuple):
    """The contents of a table: the number of its rows, and a hash of them all."""

    rows: int
    digest: str


@dataclass(frozen=True)
class Contents:
    """The contents of a database. Two are equal when every row of every table is."""

    revision: str
    tables: Mapping[str, Table]

    @property
    def is_empty(self) -> bool:
        """Whether no table has rows, except those of ``BOOKKEEPING``."""
        return not any(
            table.rows for name, table in self.tables.items() if not BOOKKEEPING.fullmatch(name)
        )


def back_up(settings: Settings, target: Path, with_key: bool = False) -> Contents:
    """Copy the database to a file while it may be in use.

    Writers are not blocked: SQLite copies a snapshot (sqlite.org/backup.html).

    Args:
        settings: name the database and its secret key.
        target: the backup; an existing file is replaced.
        with_key: whether to write the secret key to a file beside it.

    Raises:
        BackupFault: when there is no database, it or its copy is damaged, or the target cannot
            be written.
        NewerDatabase: as ``examine`` does.
    """
    source = sqlite_file(settings.database_url)
    if not source.exists():
        raise BackupFault(f"There is no database {source}.")
    if target.exists() and target.samefile(source):
        raise BackupFault(f"{target} is the database itself.")
    with _replacing(target) as copy:
        _copy(source, copy)
        contents = examine(copy)
        if with_key:
            with _replacing(key_beside(target)) as key:
                key.write_bytes(open_secret_key(settings))
    return contents


def examine(path: Path) -> Contents:
    """Verify an SQLite file and return its contents.

    Raises:
        BackupFault: when it is damaged or not a database of the portal.
        NewerDatabase: when a later version has changed its tables incompatibly.
    """
    if not path.is_file():
        raise BackupFault(f"There is no file {path}.")
    try:
        with _reading(path) as connection:
            damages = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            revision = migrations.current(connection)
            names = sorted(sa.inspect(connection).get_table_names())
            contents = Contents(revision, {name: _read(connection, name) for name in names})
            migrations.refuse_newer(connection)
    except SQLAlchemyError as error:
        raise BackupFault(f"{path} cannot be read: {error.__cause__ or error}") from None
    if damages != ["ok"]:
        raise BackupFault(f"{path} is damaged: {'; '.join(damages)}")
    if orphans:
        raise BackupFault(f"{path} is damaged: {len(orphans)} rows refer to rows that are gone.")
    if not revision:
        raise BackupFault(f"{path} is not a database of the portal.")
    return contents


def restore(settings: Settings, backup: Path, replace: bool = False) -> Contents:
    """Replace the database with a backup. No process may be using the database.

    A key file beside the backup becomes the portal's secret key.

    Args:
        settings: which database, and its secret key.
        backup: as ``back_up`` made it.
        replace: whether a database that has rows, or another key, may be overwritten.

    Raises:
        BackupFault: when anything is uncertain. The database is then unchanged; only the key file
            may have been written already.
        NewerDatabase: as ``examine`` does.
    """
    target = sqlite_file(settings.database_url)
    expected = examine(backup)
    key = _key_to_restore(settings, backup, replace)
    if target.exists() and not replace and not examine(target).is_empty:
        raise BackupFault(f"{target} has rows. Use --replace to overwrite them.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BackupFault(f"{target.parent} cannot be made: {error.strerror}") from None
    with _replacing(target) as copy:
        _copy(backup, copy)
        if examine(copy) != expected:
            raise BackupFault(f"The copy of {backup} differs from it. The disk may be failing.")
        _ensure_unused(target)
        if key:
            with _replacing(key_file(settings.database_url)) as file:
                file.write_bytes(key)
    return expected


def key_beside(backup: Path) -> Path:
    """The file with the secret key that belongs to a backup."""
    return backup.with_name(f"{backup.name}.secret-key")


def _key_to_restore(settings: Settings, backup: Path, replace: bool) -> bytes:
    """The key to write beside the restored database: that of the backup's key file.

    Empty if the backup has no key file, or ``PORTAL_SECRET_KEY`` is set. If the present key
    differs from the backup's, nothing is restored; ``replace`` permits overwriting a stored key,
    but not the key in ``PORTAL_SECRET_KEY``.

    A backup is not restored without a key: a portal that starts without one creates a new
    key, and then the case addresses that guardians were given stop working.
    """
    beside, stored = key_beside(backup), key_file(settings.database_url)
    if not beside.exists():
        if settings.secret_key or stored.exists():
            return b""
        raise BackupFault(f"There is no secret key: put the backup's in {stored}, or set it.")
    key = beside.read_bytes()
    if settings.secret_key:
        if settings.secret_key != key:
            raise BackupFault(f"PORTAL_SECRET_KEY is not the key in {beside}: set that one.")
        return b""
    if stored.exists() and stored.read_bytes() != key and not replace:
        raise BackupFault(f"{stored} is not the key in {beside}. Use --replace to overwrite it.")
    return key


def _ensure_unused(target: Path) -> None:
    """Make sure that no process uses the database, and remove its write-ahead log.

    SQLite can leave WAL mode only when no other process has the database open. A log that
    is left behind would be applied to the new database.
    """
    if target.exists():
        try:
            with closing(sqlite3.connect(target, timeout=1)) as connection:
                connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.DatabaseError as error:
            # A damaged database may be the reason to restore a backup. Anything else, such as a
            # lock, can mean that the portal still runs.
            if error.sqlite_errorcode & 0xFF not in DAMAGED:
                raise BackupFault(f"{target} is in use. Stop the portal first.") from None
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """Copy a snapshot of an SQLite database into one file, without a write-ahead log."""
    try:
        with (
            closing(sqlite3.connect(_read_only(source), uri=True)) as reading,
            closing(sqlite3.connect(target)) as writing,
        ):
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise BackupFault(f"{source} cannot be copied to {target.parent}: {error}") from None


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A temporary file that is renamed to the target if the block succeeds.

    Only its owner may read it. The file and its folder are synced to disk.

    Raises:
        BackupFault: when the folder cannot be written.
    """
    try:
        with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            temporary = Path(file.name)
        try:
            yield temporary
            with temporary.open("rb+") as written:
                os.fsync(written.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        folder = os.open(target.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    except OSError as error:
        raise BackupFault(f"{target} cannot be written: {error.strerror}") from None


@contextmanager
def _reading(path: Path) -> Iterator[sa.Connection]:
    """A read-only connection to a file."""
    engine = sa.create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(_read_only(path), uri=True),
        poolclass=sa.NullPool,
        hide_parameters=True,
    )
    with engine.connect() as connection:
        yield connection


def _read_only(path: Path) -> str:
    return f"{path.resolve().as_uri()}?mode=ro"


def _read(connection: sa.Connection, name: str) -> Table:
    """Count and hash the rows of a table."""
    digest, rows = hashlib.sha256(), 0
    for row in connection.execute(sa.select(sa.text("*")).select_from(sa.table(name))):
        digest.update(repr(tuple(row)).encode())
        rows += 1
    return Table(rows, digest.hexdigest())
