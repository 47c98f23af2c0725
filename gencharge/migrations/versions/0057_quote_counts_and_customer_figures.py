"""How many quotes were given, and figures of customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0053"


def upgrade() -> None:
    op.create_table(
        "quote_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("quotes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "operator", "process_id", name="pk_quote_counts"),
    )


def downgrade() -> None:
    op.drop_table("quote_counts")
