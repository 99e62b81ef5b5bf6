"""The tables of the database.

The condition of a partial index is a comment: the migrations create the index. SQLAlchemy's
``postgresql_where`` would import the dialect of PostgreSQL at each start (15 ms and 2 MB).
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


class Moment(sa.TypeDecorator[datetime]):
    """A moment in UTC: ``timestamptz`` on PostgreSQL, text that sorts by time on SQLite."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.DateTime(timezone=True))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return value.astimezone(UTC) if isinstance(value, datetime) else None


MESSAGE_LIMIT = 5000
"""The longest message, in characters (Unicode code points after NFC)."""

_Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id() -> sa.Column[Any]:
    return sa.Column("id", _Number, primary_key=True)


def _foreign_key(name: str, target: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, _Number, sa.ForeignKey(target), nullable=nullable)


def _text(name: str, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _table(name: str, *columns: sa.schema.SchemaItem, **options: Any) -> sa.Table:
    return sa.Table(name, metadata, *columns, sqlite_strict=True, **options)


# What the public writes.

cases = _table(
    "cases",
    _id(),
    # Incremented to revoke an address that somebody else has got (cases.addresses).
    sa.Column("address_version", _Number, nullable=False, server_default="1"),
    _text("state"),
    # When the state last changed. For an open case: when its wait for an answer began.
    sa.Column("since", Moment, nullable=False),
    sa.Column("opened_at", Moment, nullable=False),
    _text("language"),
    _text("answer_language", ""),
    _text("kind"),
    sa.Column("page", sa.Text),
    _text("email"),
    _foreign_key("officer_id", "accounts.id", nullable=True),
    # The day (ISO 8601) on which an officer wants to see the case again.
    sa.Column("look_again_on", sa.Text),
    # Incremented when this row changes, so that a form based on an older state is refused.
    sa.Column("revision", _Number, nullable=False, server_default="1"),
    sa.Index("ix_cases_state_since_id", "state", "since", "id"),
    sa.Index("ix_cases_state_language_kind_since_id", "state", "language", "kind", "since", "id"),
    sa.Index("ix_cases_look_again_on", "look_again_on"),  # WHERE look_again_on IS NOT NULL
    # WHERE officer_id IS NOT NULL
    sa.Index("ix_cases_officer_id_state_since", "officer_id", "state", "since"),
    sa.Index("ix_cases_email", "email"),  # WHERE email != ''
)

messages = _table(
    "messages",
    _id(),
    sa.Column("case_id", _Number, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("received_at", Moment, nullable=False),
    # The language of the page on which it was written.
    _text("language"),
    # The language of the text, where an officer has corrected it.
    sa.Column("text_language", sa.Text),
    _text("text"),
    sa.CheckConstraint(f"length(text) BETWEEN 1 AND {MESSAGE_LIMIT}", name="text_length"),
    sqlite_autoincrement=True,  # renderings and the history refer to ids, so none is used twice
)

arrivals = _table(
    "arrivals",
    _id(),
    sa.Column("sender", _Number, nullable=False, index=True),
    sa.Column("fingerprint", _Number, nullable=False, index=True),
    sa.Column("case_id", _Number, nullable=False),
    sa.Column("received_at", Moment, nullable=False),
)

# Digests of the case addresses from before addresses were derived from the secret key. Digests
# only, so that a stolen database opens no case.
former_addresses = _table(
    "former_addresses",
    sa.Column("digest", sa.Text, primary_key=True),
    _foreign_key("case_id", "cases.id"),
)

# Attempts to sign in and to open a case (storage.attempts).
attempts = _table(
    "attempts",
    _id(),
    sa.Column("subject", _Number, nullable=False, index=True),
    sa.Column("made_at", Moment, nullable=False),
)

# Running totals, updated in the transaction of what they count (cases.figures), and the ids of
# the last texts that were made searchable (cases.search).
counts = _table(
    "counts",
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("language", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("number", _Number, nullable=False),
)

# Staff who may read the inbox.

accounts = _table(
    "accounts",
    _id(),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    _text("full_name"),
    _text("email", ""),
    _text("role"),
    _text("password_hash"),
    # The secret of the second factor is derived from the secret key and this version.
    sa.Column("totp_version", _Number, nullable=False, server_default="1"),
    # The last time step whose code was accepted: no code is accepted twice (RFC 6238, 5.2).
    sa.Column("totp_step", _Number, nullable=False, server_default="0"),
    sa.Column("enrolled_at", Moment),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("disabled_at", Moment),
)

recovery_codes = _table(
    "recovery_codes",
    _id(),
    sa.Column("account_id", _Number, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    _text("digest"),
    sa.Column("used_at", Moment),
)

sessions = _table(
    "sessions",
    _id(),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("account_id", _Number, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    _text("browser", ""),
)

# What staff write.

answers = _table(
    "answers",
    _id(),
    _foreign_key("case_id", "cases.id"),  # indexed by the unique constraint below
    _foreign_key("account_id", "accounts.id"),
    # Identifies the form, so that an answer that is sent twice is stored once.
    _text("form_key"),
    _text("swedish", ""),
    _text("translated", ""),
    # The language of ``translated``; empty if there is no translation.
    _text("language", ""),
    # Whether it asks the guardian something, so that the case then waits for the guardian.
    sa.Column("asks", _Number, nullable=False, server_default="0"),
    sa.Column("written_at", Moment, nullable=False),
    # The end of the hold: until then its author can take the answer back, and the guardian
    # cannot see it.
    sa.Column("visible_at", Moment, nullable=False),
    sa.Column("withdrawn_at", Moment),
    sa.UniqueConstraint("case_id", "form_key"),
)

drafts = _table(
    "drafts",
    sa.Column("case_id", _Number, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("account_id", _Number, sa.ForeignKey("accounts.id"), primary_key=True),
    # Identifies the form: two forms of one person have a draft each.
    sa.Column("form_key", sa.Text, primary_key=True),
    _text("swedish", ""),
    _text("translated", ""),
    _text("language", ""),
    sa.Column("asks", _Number, nullable=False, server_default="0"),
    sa.Column("saved_at", Moment, nullable=False),
)

notes = _table(
    "notes",
    _id(),
    sa.Column("case_id", _Number, sa.ForeignKey("cases.id"), nullable=False, index=True),
    _foreign_key("account_id", "accounts.id"),
    _text("text"),
    sa.Column("written_at", Moment, nullable=False),
)

# Swedish translations of messages, written by colleagues who read the language; for staff only.
renderings = _table(
    "renderings",
    _id(),
    sa.Column("message_id", _Number, sa.ForeignKey("messages.id"), nullable=False, index=True),
    _foreign_key("account_id", "accounts.id"),
    _text("text"),
    sa.Column("written_at", Moment, nullable=False),
)

case_links = _table(
    "case_links",
    sa.Column("case_id", _Number, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("other_id", _Number, sa.ForeignKey("cases.id"), primary_key=True, index=True),
    _foreign_key("account_id", "accounts.id"),
    sa.Column("linked_at", Moment, nullable=False),
)

# The log of what staff read and did; it contains no text that a person wrote.
history = _table(
    "history",
    _id(),
    sa.Column("case_id", _Number, sa.ForeignKey("cases.id"), index=True),
    _foreign_key("account_id", "accounts.id", nullable=True),
    sa.Column("happened_at", Moment, nullable=False),
    _text("action"),
    _text("detail", ""),
    # A digest of this entry and of the previous one's digest (cases.history).
    _text("digest"),
)

# Letters to guardians and staff, and their delivery.
letters = _table(
    "letters",
    _id(),
    _text("kind"),
    sa.Column("case_id", _Number, sa.ForeignKey("cases.id"), index=True),
    _foreign_key("answer_id", "answers.id", nullable=True),
    # The address, fixed when the letter was queued.
    _text("recipient"),
    _text("language"),
    # The local part of Message-ID, the same in every attempt (RFC 5322, 3.6.4).
    sa.Column("message_id", sa.Text, nullable=False, unique=True),
    sa.Column("queued_at", Moment, nullable=False),
    sa.Column("not_before", Moment, nullable=False),
    sa.Column("attempts", _Number, nullable=False, server_default="0"),
    # Until then the letter belongs to the node that took it; afterwards another may try.
    sa.Column("leased_until", Moment),
    sa.Column("delivered_at", Moment),
    sa.Column("failed_at", Moment),
    # The reply code of the last refusal, or the kind of error.
    _text("fault", ""),
    # WHERE delivered_at IS NULL AND failed_at IS NULL
    sa.Index("ix_letters_waiting", "not_before"),
    # For the list of failed letters, and their number.
    sa.Index("ix_letters_failed", "case_id", "kind"),  # WHERE failed_at IS NOT NULL
    # For the letters to an address: those of the last hour, and those that wait.
    sa.Index("ix_letters_recipient_delivered_at", "recipient", "delivered_at"),
)
