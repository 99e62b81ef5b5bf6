"""Full-text search of cases.

Words are compared in a normalised form, their folded form: people leave out what is hard to
type, and in Arabic one letter has several forms. The table ``case_texts`` has a row with the
folded words of each case: of its e-mail address, messages and answers. A running portal folds
a text a moment after it is stored, so that no sender waits for it. The id of the last folded
text is stored in the same transaction, so after a crash folding goes on where it stopped.
"""

import asyncio
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import takewhile

import sqlalchemy as sa

from portal.cases import figures, references
from portal.cases.figures import Figure
from portal.content.characters import with_european_digits
from portal.storage.database import Database, Unavailable
from portal.storage.engines import text_search
from portal.storage.tables import answers, cases, counts, messages

BATCH = 100
"""Texts folded in one transaction: few enough that the writer is soon free for messages."""
PAUSE, SHORT_PAUSE = 1.0, 0.25
"""Seconds until the next look for new texts, and after a full batch."""
LONGEST_WORD = 64
"""Characters of a word that are compared; PostgreSQL does not index very long words."""
LARGEST_ROW = 200_000
"""Bytes of the words of a case that can be found. PostgreSQL refuses to index more than 1 MB."""
MOST_WORDS = 10
"""Words of a query that are searched for; the others are ignored."""

_ONE_FORM = {
    **dict.fromkeys(map(ord, "أإآٱٲٳ"), "ا"),
    **dict.fromkeys(map(ord, "ىئیېے"), "ي"),
    ord("ؤ"): "و",
    ord("ک"): "ك",
    # Often written without its dots, at the end of words where ه is rare.
    ord("ة"): "ه",
    ord("ـ"): "",
}
"""Letters of Arabic script that people write in several forms, and the tatweel."""
_TASHKEEL = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]")


class _Folding(dict[int, str]):
    """The folded form of each character, computed when it first occurs."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        folded = " "
        if category == "Cf" or _TASHKEEL.match(character):  # Cf: invisible formats, soft hyphens
            folded = ""
        elif category[0] in "LMN":
            folded = with_european_digits(character)
        self[code] = folded
        return folded


_FOLDING = _Folding(_ONE_FORM)


def fold(text: str) -> list[str]:
    """The words of a text in their folded form.

    å, ä and ö are letters of their own in Swedish and are not folded to a and o.

        >>> fold("Får jag ringa ٠٣١?")
        ['får', 'jag', 'ringa', '031']
    """
    normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return [word[:LONGEST_WORD] for word in normal.translate(_FOLDING).split()]


def search(
    connection: sa.Connection,
    query: str,
    count: int,
    edge: int | None = None,
    backwards: bool = False,
) -> list[int]:
    """The numbers of the cases that a query finds, the newest first.

    A case is found if each word of the query is a prefix of one of its words; a word of one
    letter must equal one of them. A reference finds its case too.

    Args:
        connection: to read with.
        query: anything that a person types: a reference, an e-mail address, words.
        count: how many cases at the most.
        edge: only cases with lower numbers are found.
        backwards: find those with the next higher numbers instead.
    """
    numbers: set[int] = set()
    words = fold(query)[:MOST_WORDS]
    if words:
        statement, values = text_search(connection.dialect, words, backwards)
        values |= {"edge": _HIGHEST if edge is None else edge, "count": count}
        numbers.update(connection.execute(statement, values).scalars())
    number = references.number(query)
    if number and (edge is None or (number > edge if backwards else number < edge)):
        exists = sa.select(cases.c.id).where(cases.c.id == number)
        numbers.update(connection.execute(exists).scalars())
    nearest = sorted(numbers, reverse=not backwards)[:count]
    return sorted(nearest, reverse=True)


async def fold_regularly(database: Database) -> None:
    """Fold new texts until cancelled; when the database fails, try again a moment later."""
    count = 0
    while True:
        await asyncio.sleep(SHORT_PAUSE if count == BATCH else PAUSE)
        count = 0
        with suppress(Unavailable):
            if await database.read(lambda c: c.execute(_IS_BEHIND).scalar()):
                count = await database.write(fold_new)


def fold_new(connection: sa.Connection, now: datetime | None = None) -> int:
    """Fold the oldest texts that are not folded yet.

    An answer is folded after its hold, so that one that was taken back is never found.

    Args:
        connection: in the writer's transaction, so that no two nodes fold the same text.
        now: decides whether the hold of an answer is over; the current time when left out.

    Returns:
        how many messages or answers, whichever is more; ``BATCH`` if some may be left.
    """
    now = now or datetime.now(UTC)
    new = connection.execute(_NEW_MESSAGES).all()
    sent = connection.execute(_NEW_ANSWERS).all()
    visible = [*takewhile(lambda answer: answer.visible_at <= now, sent)]
    _append(connection, [(row.case_id, f"{row.email} {row.text}") for row in new])
    _append(
        connection,
        [(row.case_id, f"{row.swedish} {row.translated}") for row in visible if not row.withdrawn],
    )
    changes: Counter[Figure] = Counter()
    for figure, rows in ((_MESSAGES, new), (_ANSWERS, visible)):
        if rows:
            # The figure is an id: the difference to the new one is added.
            changes[figure] = rows[-1].id - rows[0].folded_id
    figures.add(connection, changes)
    return max(len(new), len(visible))


def _append(connection: sa.Connection, texts: Iterable[tuple[int, str]]) -> None:
    """Add the words of texts to the rows of their cases; FTS5 has no upsert."""
    words: defaultdict[int, list[str]] = defaultdict(list)
    for number, text in texts:
        words[number] += fold(text)
    if not words:
        return
    rows = connection.execute(_STORED, {"numbers": [*words]}).all()
    connection.execute(_DELETE, {"numbers": [row.rowid for row in rows]})
    before = {row.rowid: row.folded for row in rows}
    connection.execute(
        sa.insert(_CASE_TEXTS),
        [
            {"rowid": number, "folded": _joined([*before.get(number, "").split(), *new])}
            for number, new in words.items()
        ],
    )


def _joined(words: list[str]) -> str:
    """Each word once, as many of the first ones as ``LARGEST_ROW`` allows."""
    row = " ".join(dict.fromkeys(words)).encode()
    return row[:LARGEST_ROW].decode(errors="ignore")


_HIGHEST = 2**63 - 1
_MESSAGES = Figure("folded messages", "", "")
_ANSWERS = Figure("folded answers", "", "")
"""The ids of the message and the answer that were folded last, stored among the figures."""
_CASE_TEXTS = sa.table("case_texts", sa.column("rowid", sa.BigInteger), sa.column("folded"))
_STORED = sa.select(_CASE_TEXTS).where(
    _CASE_TEXTS.c.rowid.in_(sa.bindparam("numbers", expanding=True))
)
_DELETE = sa.delete(_CASE_TEXTS).where(
    _CASE_TEXTS.c.rowid.in_(sa.bindparam("numbers", expanding=True))
)


def _folded_id(figure: Figure) -> sa.ColumnElement[int]:
    key = (counts.c[name] == value for name, value in figure._asdict().items())
    query = sa.select(counts.c.number).where(*key)
    return sa.func.coalesce(query.scalar_subquery(), 0)


_NEW_MESSAGES = (
    sa.select(
        *messages.c["id", "case_id", "text"],
        cases.c.email,
        _folded_id(_MESSAGES).label("folded_id"),
    )
    .join(cases)
    .where(messages.c.id > _folded_id(_MESSAGES))
    .order_by(messages.c.id)
    .limit(BATCH)
)
_NEW_ANSWERS = (
    sa.select(
        *answers.c["id", "case_id", "swedish", "translated", "visible_at"],
        answers.c.withdrawn_at.is_not(None).label("withdrawn"),
        _folded_id(_ANSWERS).label("folded_id"),
    )
    .where(answers.c.id > _folded_id(_ANSWERS))
    .order_by(answers.c.id)
    .limit(BATCH)
)
_IS_BEHIND = sa.select(
    sa.or_(
        sa.exists().where(messages.c.id > _folded_id(_MESSAGES)),
        sa.exists().where(answers.c.id > _folded_id(_ANSWERS)),
    )
)
