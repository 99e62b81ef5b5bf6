"""Who has read and done what with a case: entries that are only added.

Each entry has a digest of itself and of the entry before it, so that none can be changed
or removed unseen. There is no text of anybody's in it.
"""

import hashlib
from datetime import UTC, datetime

import sqlalchemy as sa

from portal.storage.tables import history


def record(
    connection: sa.Connection,
    account_id: int | None,
    case_id: int | None,
    action: str,
    detail: str,
    now: datetime,
) -> None:
    """Add an entry, in the writer's transaction.

    Args:
        connection: in that transaction.
        account_id: who did it.
        case_id: with which case.
        action: a word for what was done.
        detail: further words, none of them anybody's own.
        now: when it happened.
    """
    latest = sa.select(history.c.digest).order_by(history.c.id.desc()).limit(1)
    moment = now.astimezone(UTC).isoformat(timespec="microseconds")
    fields = (connection.scalar(latest) or "", account_id, case_id, moment, action, detail)
    digest = hashlib.sha256(repr(fields).encode()).hexdigest()
    connection.execute(
        sa.insert(history).values(
            account_id=account_id,
            case_id=case_id,
            happened_at=now,
            action=action,
            detail=detail,
            digest=digest,
        )
    )
