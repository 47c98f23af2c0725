"""Postpaid bills."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    op.create_table(
        "bills",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("phone_number", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("circle", sa.Text()),
        sa.Column("bill_reference", sa.Text(), nullable=False),
        sa.Column("customer_name", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("part_payment", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("period_from", sa.Date()),
        sa.Column("period_to", sa.Date()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("recharge_id", sa.Uuid()),
        sa.Column("reminded_days", sa.SmallInteger()),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "bill_id", name="pk_bills"),
        sa.CheckConstraint("amount >= 0 AND minimum >= 0", name="ck_bills_amounts"),
        sa.CheckConstraint("status IN ('due', 'paying', 'paid', 'closed')", name="ck_bills_status"),
        sa.CheckConstraint("part_payment IN ('exact', 'minimum', 'any')", name="ck_bills_part_payment"),
        sa.CheckConstraint(
            "status NOT IN ('paying', 'paid') OR recharge_id IS NOT NULL", name="ck_bills_payment"
        ),
    )
    op.create_index(
        "uq_bills_reference", "bills", ["user_id", "phone_number", "operator", "bill_reference"], unique=True
    )
    op.create_index("ix_bills_history", "bills", ["user_id", "created_at", "bill_id"])
    op.create_index("ix_bills_due", "bills", ["due_on"], postgresql_where=sa.text("status = 'due'"))
    op.create_table(
        "bill_lookups",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("numbers", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_bill_lookups"),
    )


def downgrade() -> None:
    op.drop_table("bill_lookups")
    op.drop_table("bills")
