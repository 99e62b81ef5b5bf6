"""Databases with many cases: in three languages, most of them answered, over three years."""

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

import sqlalchemy as sa

from portal.cases import figures
from portal.cases.figures import OPEN_STATES, Figure
from portal.cases.messages import KINDS
from portal.cases.search import fold
from portal.staff import accounts, sessions
from portal.storage.database import Database
from portal.storage.engines import begin
from portal.storage.tables import accounts as accounts_table

CHUNK = 10_000
OFFICERS = 50
YEARS, WEEKS = timedelta(days=3 * 365), timedelta(weeks=8)
"""How old the cases are at most, and those that are open."""
STATES = {"answered": 60, "closed": 8, "aside": 6, "new": 16, "taken": 6, "waiting": 4}
LANGUAGES = {"sv": 60, "ar": 25, "en": 15}
SYLLABLES = {
    "sv": ("skol", "buss", "lär", "mat", "te", "fri", "tid", "elev", "vår", "när", "får", "ska"),
    "ar": ("مدر", "سة", "كتا", "ب", "أح", "مد", "ال", "سلا", "م", "علي", "كم", "طا", "في"),
    "en": ("school", "bus", "teach", "read", "time", "how", "when", "can", "the", "child"),
}
COMMON, RARE = "skol", "nummer"
"""The beginning of many words, and a word that each case has with its own number behind it."""


def fill(path: Path, count: int) -> str:
    """Make a database with cases that came in evenly.

    Args:
        path: of an SQLite file that there is not.
        count: of the cases.

    Returns:
        the token of a session of one of the officers.
    """
    now = datetime.now(UTC)
    with closing(Database(f"sqlite:///{path}")) as database:
        database.upgrade()
        with database.connect() as connection, begin(connection):
            officers = [
                accounts.add(
                    connection,
                    name=f"officer{number}",
                    full_name=f"Officer {number}",
                    role="officer",
                    password_hash="",
                    now=now,
                ).id
                for number in range(OFFICERS)
            ]
            connection.execute(sa.update(accounts_table).values(enrolled_at=now))
            token = sessions.begin(connection, officers[0], "", now)
        _insert(path, count, officers, now)
        with database.connect() as connection, begin(connection):
            figures.recount(connection)
            latest = Figure("folded messages", "", "")
            figures.add(connection, Counter({latest: count}))
            figures.next_numbers(connection, count)
            connection.exec_driver_sql("ANALYZE")
    return token


def _insert(path: Path, count: int, officers: Sequence[int], now: datetime) -> None:
    """Insert cases, a message each, and their folded words."""
    chance = random.Random(7)
    vocabulary = {language: [*_words(chance, parts)] for language, parts in SYLLABLES.items()}
    weights = [*accumulate(1 / rank for rank in range(1, 20_001))]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        for start in range(1, count + 1, CHUNK):
            cases, messages, texts = [], [], []
            for number in range(start, min(start + CHUNK, count + 1)):
                (language,) = chance.choices([*LANGUAGES], [*LANGUAGES.values()])
                (state,) = chance.choices([*STATES], [*STATES.values()])
                words = chance.choices(vocabulary[language], cum_weights=weights, k=40)
                text = f"{' '.join(words)} {RARE}{number}"
                email = f"guardian{number}@example.org" if number % 2 else ""
                age = (WEEKS if state in OPEN_STATES else YEARS) * (1 - number / count)
                moment = (now - age).isoformat(timespec="microseconds")
                kind = chance.choice(["", *KINDS])
                officer = chance.choice(officers) if state in {"taken", "waiting"} else None
                cases.append((number, state, moment, moment, language, kind, email, officer))
                messages.append((number, number, moment, language, text))
                texts.append((number, " ".join(fold(f"{email} {text}"))))
            with connection:
                connection.executemany(
                    "INSERT INTO cases (id, state, since, opened_at, language, kind, email,"
                    " officer_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    cases,
                )
                connection.executemany(
                    "INSERT INTO messages (id, case_id, received_at, language, text)"
                    " VALUES (?, ?, ?, ?, ?)",
                    messages,
                )
                connection.executemany(
                    "INSERT INTO case_texts (rowid, folded) VALUES (?, ?)", texts
                )


def _words(chance: random.Random, parts: Sequence[str]) -> Iterator[str]:
    """Twenty thousand words of one to four syllables."""
    for _ in range(20_000):
        yield "".join(chance.choices(parts, k=chance.randint(1, 4)))
