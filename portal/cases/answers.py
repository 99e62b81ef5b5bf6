"""What staff write to a guardian."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.storage.tables import answers

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True)
class Answer:
    """An answer: Swedish words, words in the guardian's language, or both."""

    id: int
    written_at: datetime
    visible_at: datetime
    """The end of the hold, in which it can be taken back."""
    swedish: str
    translated: str
    language: str
    """Of the translated words; empty where there are none."""


async def visible_answers(
    connection: "AsyncConnection", number: int, now: datetime
) -> Sequence[Answer]:
    """The answers of a case that the guardian can see, in the order in which they were given.

    Args:
        connection: to read with.
        number: of the case.
        now: decides whether the hold of an answer is over.
    """
    query = (
        sa.select(*(answers.c[name] for name in Answer.__annotations__))
        .where(
            answers.c.case_id == number,
            answers.c.withdrawn_at.is_(None),
            answers.c.visible_at <= now,
        )
        .order_by(answers.c.visible_at, answers.c.id)
    )
    return [Answer(**row) for row in (await connection.execute(query)).mappings()]
