"""Payments of postpaid bills: recharges without a plan."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    # Catalogue changes only: no row is read or written, however many there are.
    op.add_column("recharges", sa.Column("bill_id", sa.Uuid()))
    op.alter_column("recharges", "plan_id", existing_type=sa.Uuid(), nullable=True)
    op.add_column("fulfilments", sa.Column("bill_reference", sa.Text()))
    op.alter_column("fulfilments", "plan_id", existing_type=sa.Uuid(), nullable=True)
    op.create_table(
        "bill_payments",
        sa.Column("phone_number", sa.Text(), nullable=False),
        sa.Column("recharge_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("bill_reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("phone_number", "recharge_id", name="pk_bill_payments"),
        sa.CheckConstraint("amount > 0", name="ck_bill_payments_amount"),
        sa.CheckConstraint("status IN ('pending', 'paid', 'failed')", name="ck_bill_payments_status"),
        sa.CheckConstraint("(status = 'pending') = (ended_at IS NULL)", name="ck_bill_payments_ended"),
    )
    op.create_index(
        "uq_bill_payments_pending",
        "bill_payments",
        ["phone_number", "operator", "bill_reference"],
        unique=True,
        postgresql_where=sa.text("status = 'pending'"),
    )


def downgrade() -> None:
    op.drop_table("bill_payments")
    op.drop_column("fulfilments", "bill_reference")
    op.drop_column("recharges", "bill_id")
