"""Split messages into cases and messages; add accounts, answers and letters.

Each existing message opens a case of its own with the number of the message, so references
stay. Addresses are derived from now on. A digest of each earlier one is stored, so that it
still opens its case. Arrivals of the last hour are deleted.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

from portal.storage.tables import Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
oldest_code = "0004"

_Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CASE_COLUMNS = ("answer_language", "kind", "page", "email")
"""Columns of messages that became columns of cases."""
_TABLES_OF_STAFF = (
    *("renderings", "letters", "notes", "history", "drafts", "case_links", "answers"),
    *("sessions", "recovery_codes", "former_addresses"),
)


def upgrade() -> None:
    _create_first_tables()
    op.execute(
        "INSERT INTO cases (id, state, since, opened_at, language, answer_language, kind, page,"
        " email) SELECT id, 'new', received_at, received_at, language, answer_language, kind,"
        " page, email FROM messages"
    )
    _create_other_tables()
    _digest_addresses_and_count()
    _narrow_messages()
    _create_renderings()
    _create_arrivals(sa.Column("case_id", _Number, nullable=False))
    _create_search()


def downgrade() -> None:
    _create_arrivals(sa.Column("code", sa.Text(), nullable=False))
    op.drop_index("ix_messages_case_id", "messages")
    for name in _CASE_COLUMNS:
        op.add_column("messages", sa.Column(name, sa.Text(), server_default=_default(name)))
        values: sa.Select[Any] = sa.select(sa.column(name)).select_from(sa.table("cases"))
        of_case = values.where(sa.literal_column("cases.id = messages.case_id")).scalar_subquery()
        op.execute(sa.update(sa.table("messages", sa.column(name))).values({name: of_case}))
    op.add_column("messages", sa.Column("code", sa.Text()))
    # The addresses are lost; the id is unique too.
    op.execute("UPDATE messages SET code = CAST(id AS TEXT)")
    with _messages() as table:
        table.drop_constraint("fk_messages_case_id", type_="foreignkey")
        table.drop_column("case_id")
        table.drop_column("text_language")
        for name in ("code", "kind", "email"):
            table.alter_column(name, existing_type=sa.Text(), nullable=False, server_default=None)
        table.alter_column("answer_language", existing_type=sa.Text(), nullable=False)
        table.create_unique_constraint("uq_messages_code", ["code"])
    for name in (*_TABLES_OF_STAFF, "case_texts", "cases", "counts", "attempts", "accounts"):
        op.drop_table(name)


def _create_search() -> None:
    """Create the table with the normalised text of cases, and its full-text index.

    On SQLite the table is itself the index. Searches are for prefixes of two letters and
    more; prefixes of two to five letters have an index of their own.
    """
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE case_texts USING fts5(folded, prefix='2 3 4 5',"
            " tokenize='unicode61 remove_diacritics 0')"
        )
        return
    op.execute("CREATE TABLE case_texts (rowid BIGINT PRIMARY KEY, folded TEXT NOT NULL)")
    op.execute(
        "CREATE INDEX ix_case_texts_folded ON case_texts USING gin (to_tsvector('simple', folded))"
    )


def _default(name: str) -> str | None:
    return "" if name == "answer_language" else None


def _digest_addresses_and_count() -> None:
    """Store digests of the earlier addresses, and how many cases there are of each kind."""
    connection = op.get_bind()
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for rows in _chunks(connection):
        connection.execute(
            _FORMER_ADDRESSES.insert(),
            [
                {"digest": hashlib.sha256(row.code.encode()).hexdigest(), "case_id": row.id}
                for row in rows
            ],
        )
        for row in rows:
            day = row.received_at.astimezone(ZoneInfo("Europe/Stockholm")).date().isoformat()
            counts["received", day, row.language, row.kind] += 1
            counts["open", day, row.language, row.kind] += 1
            counts["new", "", row.language, row.kind] += 1
    counts["cases", "", "", ""] = connection.scalar(_LATEST[connection.dialect.name]) or 0
    names = ("name", "day", "language", "kind")
    connection.execute(
        _COUNTS.insert(),
        [
            {**dict(zip(names, key, strict=True)), "number": number}
            for key, number in counts.items()
        ],
    )


def _chunks(connection: sa.Connection) -> Iterator[list[sa.Row[tuple[int, str, object, str, str]]]]:
    """All messages in the order of their ids, in chunks."""
    latest = 0
    query = sa.select(_MESSAGES).order_by(_MESSAGES.c.id).limit(10_000)
    while rows := list(connection.execute(query.where(_MESSAGES.c.id > latest))):
        yield rows
        latest = rows[-1].id


_LATEST = {
    "sqlite": sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'messages'"),
    "postgresql": sa.text("SELECT last_value FROM messages_id_seq WHERE is_called"),
}
"""The last id that was used; its message may be erased, and no id is used again."""
_MESSAGES = sa.table(
    "messages",
    sa.column("id", _Number),
    sa.column("code", sa.Text),
    sa.column("received_at", Moment()),
    sa.column("language", sa.Text),
    sa.column("kind", sa.Text),
)
_FORMER_ADDRESSES = sa.table("former_addresses", sa.column("digest"), sa.column("case_id"))
_COUNTS = sa.table("counts", *map(sa.column, ("name", "day", "language", "kind", "number")))


def _narrow_messages() -> None:
    """Move the columns of the case out of messages."""
    op.add_column("messages", sa.Column("case_id", _Number))
    op.execute("UPDATE messages SET case_id = id")
    with _messages() as table:
        table.alter_column("case_id", existing_type=_Number, nullable=False)
        table.add_column(sa.Column("text_language", sa.Text()))
        table.create_foreign_key("fk_messages_case_id", "cases", ["case_id"], ["id"])
        table.drop_constraint("uq_messages_code", type_="unique")
        table.drop_column("code")
        for name in _CASE_COLUMNS:
            table.drop_column(name)
    op.create_index("ix_messages_case_id", "messages", ["case_id"])


def _messages() -> AbstractContextManager[BatchOperations]:
    """Alter messages, with the check constraint, which Alembic omits in SQLite's copy."""
    length = sa.CheckConstraint(
        "length(text) BETWEEN 1 AND 5000", name=op.f("ck_messages_text_length")
    )
    return op.batch_alter_table(
        "messages",
        table_args=(length,),
        table_kwargs={"sqlite_strict": True, "sqlite_autoincrement": True},
    )


def _create_arrivals(case: sa.Column[object]) -> None:
    op.drop_table("arrivals")
    op.create_table(
        "arrivals",
        sa.Column("id", _Number, nullable=False),
        sa.Column("sender", _Number, nullable=False),
        sa.Column("fingerprint", _Number, nullable=False),
        case,
        sa.Column("received_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_arrivals"),
        sqlite_strict=True,
    )
    op.create_index("ix_arrivals_sender", "arrivals", ["sender"])
    op.create_index("ix_arrivals_fingerprint", "arrivals", ["fingerprint"])


def _where(condition: str) -> dict[str, Any]:
    """The options of a partial index, for both databases."""
    return {f"{dialect}_where": sa.text(condition) for dialect in ("sqlite", "postgresql")}


def _create_first_tables() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", _Number, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("totp_version", _Number, server_default="1", nullable=False),
        sa.Column("totp_step", _Number, server_default="0", nullable=False),
        sa.Column("enrolled_at", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("disabled_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "attempts",
        sa.Column("id", _Number, nullable=False),
        sa.Column("subject", _Number, nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sqlite_strict=True,
    )
    op.create_index("ix_attempts_subject", "attempts", ["subject"])
    op.create_table(
        "counts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", _Number, nullable=False),
        sa.PrimaryKeyConstraint("name", "day", "language", "kind", name=op.f("pk_counts")),
        sqlite_strict=True,
    )
    op.create_table(
        "cases",
        sa.Column("id", _Number, nullable=False),
        sa.Column("address_version", _Number, server_default="1", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("answer_language", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("officer_id", _Number, nullable=True),
        sa.Column("look_again_on", sa.Text(), nullable=True),
        sa.Column("revision", _Number, server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["accounts.id"], name=op.f("fk_cases_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_cases_email",
        "cases",
        ["email"],
        **_where("email != ''"),
    )
    op.create_index(
        "ix_cases_officer_id_state_since",
        "cases",
        ["officer_id", "state", "since"],
        **_where("officer_id IS NOT NULL"),
    )
    op.create_index("ix_cases_state_since_id", "cases", ["state", "since", "id"])
    op.create_index(
        "ix_cases_state_language_kind_since_id",
        "cases",
        ["state", "language", "kind", "since", "id"],
    )
    op.create_index(
        "ix_cases_look_again_on",
        "cases",
        ["look_again_on"],
        **_where("look_again_on IS NOT NULL"),
    )


def _create_other_tables() -> None:
    op.create_table(
        "former_addresses",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("case_id", _Number, nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_former_addresses_case_id")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_former_addresses")),
        sqlite_strict=True,
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", _Number, nullable=False),
        sa.Column("account_id", _Number, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("used_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_recovery_codes_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sqlite_strict=True,
    )
    op.create_index("ix_recovery_codes_account_id", "recovery_codes", ["account_id"])
    op.create_table(
        "sessions",
        sa.Column("id", _Number, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("account_id", _Number, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("browser", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_sessions_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_sessions_digest")),
        sqlite_strict=True,
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])
    op.create_table(
        "answers",
        sa.Column("id", _Number, nullable=False),
        sa.Column("case_id", _Number, nullable=False),
        sa.Column("account_id", _Number, nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("swedish", sa.Text(), server_default="", nullable=False),
        sa.Column("translated", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("asks", _Number, server_default="0", nullable=False),
        sa.Column("written_at", Moment(), nullable=False),
        sa.Column("visible_at", Moment(), nullable=False),
        sa.Column("withdrawn_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_answers_account_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_answers_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        sa.UniqueConstraint("case_id", "form_key", name=op.f("uq_answers_case_id_form_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "case_links",
        sa.Column("case_id", _Number, nullable=False),
        sa.Column("other_id", _Number, nullable=False),
        sa.Column("account_id", _Number, nullable=False),
        sa.Column("linked_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_case_links_account_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_links_case_id")),
        sa.ForeignKeyConstraint(["other_id"], ["cases.id"], name=op.f("fk_case_links_other_id")),
        sa.PrimaryKeyConstraint("case_id", "other_id", name=op.f("pk_case_links")),
        sqlite_strict=True,
    )
    op.create_index("ix_case_links_other_id", "case_links", ["other_id"])
    op.create_table(
        "drafts",
        sa.Column("case_id", _Number, nullable=False),
        sa.Column("account_id", _Number, nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("swedish", sa.Text(), server_default="", nullable=False),
        sa.Column("translated", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("asks", _Number, server_default="0", nullable=False),
        sa.Column("saved_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_drafts_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_drafts_case_id")),
        sa.PrimaryKeyConstraint("case_id", "account_id", "form_key", name=op.f("pk_drafts")),
        sqlite_strict=True,
    )
    op.create_table(
        "history",
        sa.Column("id", _Number, nullable=False),
        sa.Column("case_id", _Number, nullable=True),
        sa.Column("account_id", _Number, nullable=True),
        sa.Column("happened_at", Moment(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_history_account_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_history_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
        sqlite_strict=True,
    )
    op.create_index("ix_history_case_id", "history", ["case_id"])
    op.create_table(
        "notes",
        sa.Column("id", _Number, nullable=False),
        sa.Column("case_id", _Number, nullable=False),
        sa.Column("account_id", _Number, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_notes_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_notes_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sqlite_strict=True,
    )
    op.create_index("ix_notes_case_id", "notes", ["case_id"])
    op.create_table(
        "letters",
        sa.Column("id", _Number, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("case_id", _Number, nullable=True),
        sa.Column("answer_id", _Number, nullable=True),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("queued_at", Moment(), nullable=False),
        sa.Column("not_before", Moment(), nullable=False),
        sa.Column("attempts", _Number, server_default="0", nullable=False),
        sa.Column("leased_until", Moment(), nullable=True),
        sa.Column("delivered_at", Moment(), nullable=True),
        sa.Column("failed_at", Moment(), nullable=True),
        sa.Column("fault", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["answer_id"], ["answers.id"], name=op.f("fk_letters_answer_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_letters_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
        sa.UniqueConstraint("message_id", name=op.f("uq_letters_message_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_letters_case_id", "letters", ["case_id"])
    op.create_index(
        "ix_letters_waiting",
        "letters",
        ["not_before"],
        **_where("delivered_at IS NULL AND failed_at IS NULL"),
    )
    op.create_index(
        "ix_letters_failed", "letters", ["case_id", "kind"], **_where("failed_at IS NOT NULL")
    )
    op.create_index("ix_letters_recipient_delivered_at", "letters", ["recipient", "delivered_at"])


def _create_renderings() -> None:
    op.create_table(
        "renderings",
        sa.Column("id", _Number, nullable=False),
        sa.Column("message_id", _Number, nullable=False),
        sa.Column("account_id", _Number, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_renderings_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_renderings_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renderings")),
        sqlite_strict=True,
    )
    op.create_index("ix_renderings_message_id", "renderings", ["message_id"])
