"""The tables, and nothing else."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
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

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", _Number, primary_key=True),
    sa.Column("code", sa.Text, nullable=False, unique=True),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("answer_language", sa.Text, nullable=False, server_default=""),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("page", sa.Text),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.CheckConstraint(f"length(text) BETWEEN 1 AND {MESSAGE_LIMIT}", name="text_length"),
    sqlite_autoincrement=True,  # a reference is made of an id, so no id is used twice
    sqlite_strict=True,
)

arrivals = sa.Table(
    "arrivals",
    metadata,
    sa.Column("id", _Number, primary_key=True),
    sa.Column("sender", _Number, nullable=False, index=True),
    sa.Column("fingerprint", _Number, nullable=False, index=True),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sqlite_strict=True,
)
