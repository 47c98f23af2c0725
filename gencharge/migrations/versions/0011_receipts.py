"""Receipts: tax invoices, numbered without a gap."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "receipt_series",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("financial_year", sa.Text(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series", "financial_year", name="pk_receipt_series"),
        sa.CheckConstraint("last_number > 0", name=op.f("ck_receipt_series_last_number")),
    )
    op.execute("REVOKE DELETE, TRUNCATE ON receipt_series FROM gencharge_app")
    op.create_table(
        "receipts",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("recharge_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("financial_year", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gst_percent", sa.SmallInteger(), nullable=False),
        sa.Column("place_of_supply", sa.Text(), nullable=False),
        sa.Column("seller_name", sa.Text(), nullable=False),
        sa.Column("seller_address", sa.Text(), nullable=False),
        sa.Column("seller_gstin", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "recharge_id", name="pk_receipts"),
        sa.CheckConstraint("length(number) BETWEEN 1 AND 16", name=op.f("ck_receipts_number")),
        sa.CheckConstraint("gst_percent BETWEEN 0 AND 100", name=op.f("ck_receipts_gst_percent")),
    )
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON receipts FROM gencharge_app")


def downgrade() -> None:
    raise RuntimeError("the first release has nothing before it: restore a backup instead")
