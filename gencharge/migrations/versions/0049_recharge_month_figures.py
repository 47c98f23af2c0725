"""Sums of the figures of recharges by month, and room on the pages of the figures by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
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
    op.create_table(
        "recharge_month_figures",
        sa.Column("cut", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in _COUNTS + _SUMS),
        sa.PrimaryKeyConstraint("cut", "month", "operator", "key", name=op.f("pk_recharge_month_figures")),
    )
    op.execute("ALTER TABLE recharge_figures SET (fillfactor = 50)")


def downgrade() -> None:
    op.execute("ALTER TABLE recharge_figures RESET (fillfactor)")
    op.drop_table("recharge_month_figures")
