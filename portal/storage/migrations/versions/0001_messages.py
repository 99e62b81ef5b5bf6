"""Create messages, and arrivals, which are used to recognise repeated messages."""

import sqlalchemy as sa
from alembic import op

from portal.storage.tables import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("id", _Id, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("page", sa.Text()),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("reference", name="uq_messages_reference"),
        sa.UniqueConstraint("code", name="uq_messages_code"),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 5000", name=op.f("ck_messages_text_length")),
        sqlite_strict=True,
    )
    op.create_table(
        "arrivals",
        sa.Column("id", _Id, nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_arrivals"),
        sqlite_strict=True,
    )
    op.create_index("ix_arrivals_fingerprint", "arrivals", ["fingerprint"])
    op.create_index("ix_arrivals_received_at", "arrivals", ["received_at"])
    op.create_index("ix_arrivals_sender_received_at", "arrivals", ["sender", "received_at"])


def downgrade() -> None:
    op.drop_table("arrivals")
    op.drop_table("messages")
