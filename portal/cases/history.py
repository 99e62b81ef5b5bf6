"""Who has read a case and what was done with it: a log to which entries are only added.

Each entry has a digest of its content and of the digest before it, so that a
change to one entry shows in the chain. A person who can write to the database could still
remove the last entries, or compute all later digests again; the last digest, kept elsewhere,
detects that (``portal log verify`` prints it). An entry contains no text that a person wrote.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from portal.storage.tables import Moment, accounts, history

READ = "read"
"""The action of opening a case."""
SAME_READING = timedelta(minutes=30)
"""Opening a case again within this time adds no second entry."""


@dataclass(frozen=True)
class HistoryEntry:
    """What somebody did with a case."""

    id: int
    happened_at: datetime
    account_id: int | None
    """The account of the person."""
    full_name: str | None
    """The name of that account."""
    action: str
    detail: str


class Chain(NamedTuple):
    """The result of verifying the history."""

    length: int
    """Entries up to the first fault, or to the end."""
    digest: str
    """The digest of the last of them; empty if there are none."""
    fault: int | None
    """The id of the first entry that is not as it was written, or follows a gap."""


def record(
    connection: sa.Connection,
    account_id: int | None,
    case_id: int | None,
    action: str,
    detail: str,
    now: datetime,
) -> None:
    """Add an entry.

    Args:
        connection: in the writer's transaction, so that no two entries follow the same one.
        account_id: the account of the person.
        case_id: the case, if the action was about one.
        action: a word for it.
        detail: further words, none of them typed by a person.
        now: when it happened.
    """
    last = connection.execute(_LAST).one_or_none()
    entry = {
        "id": last.id + 1 if last else 1,
        "case_id": case_id,
        "account_id": account_id,
        "happened_at": now,
        "action": action,
        "detail": detail,
    }
    digest = _digest(last.digest if last else "", entry)
    connection.execute(sa.insert(history).values(**entry, digest=digest))


def verify(connection: sa.Connection) -> Chain:
    """Compare the digest of each entry with what the entry says."""
    length, digest = 0, ""
    query = sa.select(history).order_by(history.c.id).execution_options(yield_per=1000)
    with connection.execute(query) as rows:
        for row in rows.mappings():
            entry = {**row}
            stored = entry.pop("digest")
            if entry["id"] != length + 1 or stored != _digest(digest, entry):
                return Chain(length, digest, entry["id"])
            length, digest = length + 1, stored
    return Chain(length, digest, None)


def of_case(connection: sa.Connection, case_id: int) -> Sequence[HistoryEntry]:
    """What was done with a case, in the order in which it happened."""
    rows = connection.execute(_OF_CASE, {"case_id": case_id})
    return [HistoryEntry(**row) for row in rows.mappings()]


def has_read(entries: Sequence[HistoryEntry], account_id: int, now: datetime) -> bool:
    """Whether the entries of a case say that this person opened it within ``SAME_READING``."""
    return any(
        entry.action == READ
        and entry.account_id == account_id
        and now - entry.happened_at < SAME_READING
        for entry in entries
    )


def record_reading(connection: sa.Connection, account_id: int, case_id: int, now: datetime) -> None:
    """Add an entry for opening a case, unless there is one within ``SAME_READING``."""
    last = connection.scalar(_LAST_READING, {"case_id": case_id, "account_id": account_id})
    if last is None or now - last >= SAME_READING:
        record(connection, account_id, case_id, READ, "", now)


def _digest(previous: str, entry: Mapping[str, object]) -> str:
    """The digest of an entry and of the digest before it; JSON separates the values."""
    content = json.dumps([previous, entry], sort_keys=True, default=_written_moment)
    return hashlib.sha256(content.encode()).hexdigest()


def _written_moment(moment: datetime) -> str:
    """A moment as both databases store it: in UTC, with all digits."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


_LAST_READING = sa.select(sa.func.max(history.c.happened_at, type_=Moment())).where(
    history.c.case_id == sa.bindparam("case_id"),
    history.c.account_id == sa.bindparam("account_id"),
    history.c.action == READ,
)
_LAST = sa.select(history.c.id, history.c.digest).order_by(history.c.id.desc()).limit(1)
_OF_CASE = (
    sa.select(
        *history.c["id", "happened_at", "account_id", "action", "detail"],
        accounts.c.full_name,
    )
    .outerjoin(accounts, history.c.account_id == accounts.c.id)
    .where(history.c.case_id == sa.bindparam("case_id"))
    .order_by(history.c.id)
)
