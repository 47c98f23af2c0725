"""Figures of customers, payments, autopay and referrals, by the day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    op.create_table(
        "area_figures",
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("cut", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "area", "cut", "day", "fact", "operator", "key", name=op.f("pk_area_figures")
        ),
    )
    op.create_table(
        "area_counts",
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("area", name=op.f("pk_area_counts")),
    )


def downgrade() -> None:
    op.drop_table("area_counts")
    op.drop_table("area_figures")
