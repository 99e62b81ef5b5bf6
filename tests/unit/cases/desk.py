"""What the tests of the inbox share: cases that have come in, and people who handle them."""

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa

from portal.cases import messages
from portal.cases.handling import Step
from portal.cases.messages import Arrival, Case, CaseNumber, Submission, receive_all
from portal.storage import tables
from portal.storage.database import Database

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


async def receive(
    database: Database,
    text: str = "Hej",
    language: str = "sv",
    kind: str = "",
    email: str = "",
    now: datetime = NOON,
) -> int:
    """Receive a message that opens a case; the number of the case."""
    return await _receive(database, Submission(text, email, kind, None, language), None, now)


async def write_more(database: Database, number: int, text: str, now: datetime = NOON) -> None:
    """Receive a further message of a case."""
    submission = Submission(text, "", "", None, "sv")
    await _receive(database, submission, CaseNumber(number), now)


async def _receive(
    database: Database, submission: Submission, case: CaseNumber | None, now: datetime
) -> int:
    arrival = Arrival(submission, 1, 0, case)
    (result,) = await database.write(lambda c: receive_all(c, [arrival], now))
    assert isinstance(result, CaseNumber)
    return result.number


async def hire(database: Database, name: str) -> int:
    """Make an account; its number."""
    account = (
        sa.insert(tables.accounts)
        .values(
            name=name, full_name=name.title(), role="officer", password_hash="", created_at=NOON
        )
        .returning(tables.accounts.c.id)
    )
    return await database.write(lambda c: int(c.execute(account).scalar_one()))


async def find(database: Database, number: int) -> Case:
    """A case that there is."""
    case = await database.read(lambda c: messages.find_case(c, number))
    assert case
    return case


async def step(
    database: Database,
    number: int,
    account_id: int,
    take_step: Callable[[sa.Connection, Step], None],
    now: datetime = NOON,
) -> None:
    """Take a step with a case as it is now."""
    revision = (await find(database, number)).revision
    await database.write(lambda c: take_step(c, Step(number, revision, account_id, now)))
