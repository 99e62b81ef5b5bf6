"""Add the language of the answer that a person asks for, which may differ from the page's."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "messages", sa.Column("answer_language", sa.Text(), nullable=False, server_default="")
    )


def downgrade() -> None:
    op.drop_column("messages", "answer_language")
