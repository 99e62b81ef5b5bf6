"""What the version before stored is still there, under the same references, after an upgrade."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from portal.cases import messages, references
from portal.cases.messages import Arrival, CaseNumber, Submission, receive_all
from portal.storage.database import Database
from portal.storage.engines import begin
from portal.storage.migrations import steps
from portal.storage.tables import Moment, cases, counts, former_addresses, metadata
from portal.storage.tables import messages as messages_table

BEFORE_CASES = "0003"
OLD_MESSAGES = sa.table(
    "messages",
    sa.column("received_at", Moment()),
    *map(sa.column, ("id", "code", "language", "answer_language", "kind", "page", "email", "text")),
)
SUMMER, WINTER = datetime(2026, 6, 30, 22, 30, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC)
"""The first is the day after in Sweden."""
ROWS = [
    {"id": 1, "code": "a" * 22, "language": "ar", "kind": "question", "received_at": SUMMER},
    {"id": 2, "code": "-_b" * 7, "language": "sv", "kind": "", "received_at": WINTER},
    {"id": 5, "code": "c" * 22, "language": "sv", "kind": "", "received_at": WINTER},
    {"id": 9, "code": "d" * 22, "language": "sv", "kind": "", "received_at": WINTER},
]
REST = {"answer_language": "so", "page": None, "email": "a@example.org", "text": "مرحبا\nhej"}


@pytest.fixture
def upgraded(database_url: str) -> Iterator[Database]:
    """A database of the version before, with messages of which the last was erased, upgraded."""
    with closing(Database(database_url)) as database:
        database.upgrade()
        with database.connect() as connection, begin(connection):
            steps.downgrade(connection, BEFORE_CASES)
            connection.execute(sa.insert(OLD_MESSAGES), [row | REST for row in ROWS])
            connection.execute(sa.delete(OLD_MESSAGES).where(OLD_MESSAGES.c.id == 9))
            if connection.dialect.name == "postgresql":  # rows with numbers do not move it
                connection.execute(sa.text("SELECT setval('messages_id_seq', 9)"))
            steps.upgrade(connection)
        assert database.differences() == []
        yield database


def test_a_message_opens_a_case_under_its_number(upgraded: Database) -> None:
    with upgraded.connect() as connection:
        for row in ROWS[:3]:
            number = references.number(references.reference(int(str(row["id"]))))
            case = messages.find_case(connection, number)
            assert case
            (message,) = messages.messages_of(connection, case.number)
            assert (case.state, case.since, message.text) == (
                "new",
                row["received_at"],
                "مرحبا\nhej",
            )
            assert (case.kind, case.email, case.answer_language) == (
                row["kind"],
                "a@example.org",
                "so",
            )
            assert messages.find_by_former_address(connection, str(row["code"])) == case
        assert messages.find_by_former_address(connection, "d" * 22) is None


def test_the_figures_count_what_was_there_and_no_number_is_used_again(upgraded: Database) -> None:
    with upgraded.connect() as connection, begin(connection):
        figures = {
            (row.name, row.day, row.language, row.kind): row.number
            for row in connection.execute(sa.select(counts))
        }
        assert figures == {
            ("cases", "", "", ""): 9,
            ("new", "", "ar", "question"): 1,
            ("new", "", "sv", ""): 2,
            ("open", "2026-07-01", "ar", "question"): 1,
            ("open", "2026-11-24", "sv", ""): 2,
            ("received", "2026-07-01", "ar", "question"): 1,
            ("received", "2026-11-24", "sv", ""): 2,
        }
        arrival = Arrival(Submission("ny", "", "", None, "sv"), 1, 0)
        assert receive_all(connection, [arrival], WINTER) == [CaseNumber(10)]


def test_a_second_upgrade_changes_nothing(upgraded: Database) -> None:
    def everything() -> list[list[sa.Row[tuple[object, ...]]]]:
        with upgraded.connect() as connection, begin(connection):
            return [[*connection.execute(sa.select(table))] for table in metadata.sorted_tables]

    before = everything()
    upgraded.upgrade()
    assert everything() == before


def test_nothing_in_the_database_opens_a_case(upgraded: Database) -> None:
    with upgraded.connect() as connection, begin(connection):
        stored = repr(
            [
                connection.execute(sa.select(table)).all()
                for table in (cases, messages_table, former_addresses)
            ]
        )
    assert [row["code"] for row in ROWS if str(row["code"]) in stored] == []
