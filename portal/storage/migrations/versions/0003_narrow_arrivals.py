"""Store hashes in arrivals as integers; derive references from the ids of messages.

SQLite no longer reuses the ids of messages. Arrivals of the last hour are deleted. Earlier
references are lost: each message gets a new one.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from portal.storage.tables import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table(
        "messages",
        table_args=(_length(),),
        table_kwargs={"sqlite_strict": True, "sqlite_autoincrement": True},
    ) as table:
        table.drop_constraint("uq_messages_reference", type_="unique")
        table.drop_column("reference")
    op.drop_table("arrivals")
    op.create_table("arrivals", *_columns(_Number), sqlite_strict=True)
    op.create_index("ix_arrivals_sender", "arrivals", ["sender"])
    op.create_index("ix_arrivals_fingerprint", "arrivals", ["fingerprint"])


def downgrade() -> None:
    op.drop_table("arrivals")
    op.create_table("arrivals", *_columns(sa.Text()), sqlite_strict=True)
    op.create_index("ix_arrivals_fingerprint", "arrivals", ["fingerprint"])
    op.create_index("ix_arrivals_received_at", "arrivals", ["received_at"])
    op.create_index("ix_arrivals_sender_received_at", "arrivals", ["sender", "received_at"])
    op.add_column("messages", sa.Column("reference", sa.Text()))
    # The earlier references are lost; the id is unique too.
    op.execute("UPDATE messages SET reference = CAST(id AS TEXT)")
    with op.batch_alter_table(
        "messages", table_args=(_length(),), table_kwargs={"sqlite_strict": True}
    ) as table:
        table.alter_column("reference", existing_type=sa.Text(), nullable=False)
        table.create_unique_constraint("uq_messages_reference", ["reference"])


def _length() -> sa.CheckConstraint:
    """The check constraint, which Alembic omits when it copies an SQLite table."""
    return sa.CheckConstraint(
        "length(text) BETWEEN 1 AND 5000", name=op.f("ck_messages_text_length")
    )


def _columns(key: sa.types.TypeEngine[Any]) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", _Number, nullable=False),
        sa.Column("sender", key, nullable=False),
        sa.Column("fingerprint", key, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_arrivals"),
    ]
