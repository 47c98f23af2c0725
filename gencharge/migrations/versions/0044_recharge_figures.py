"""Figures of recharges, and the circle of each recharge and plan, which they are counted by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
_COUNTS = ("sold", "delivered", "failed", "refunds", "refunded_in_full")
_SUMS = (
    "sold_price",
    "sold_discount",
    "sold_from_wallet",
    "sold_through_gateway",
    "delivered_price",
    "delivered_discount",
    "cashback",
    "commission",
    "delivery_seconds",
    "released",
    "refunded",
    "refunded_discount",
    "refunded_cashback",
    "refunded_commission",
)


def upgrade() -> None:
    op.add_column("recharges", sa.Column("circle", sa.Text()))
    op.add_column("active_plans", sa.Column("circle", sa.Text()))
    op.create_table(
        "recharge_figures",
        sa.Column("cut", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in _COUNTS + _SUMS),
        sa.PrimaryKeyConstraint("cut", "day", "operator", "key", name=op.f("pk_recharge_figures")),
    )


def downgrade() -> None:
    op.drop_table("recharge_figures")
    op.drop_column("active_plans", "circle")
    op.drop_column("recharges", "circle")
