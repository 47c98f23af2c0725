"""Mandates: charges without a checkout."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("payments", sa.Column("mandate_id", sa.Uuid()))
    op.add_column("payments", sa.Column("charged_at", _INSTANT))
    op.create_check_constraint(
        op.f("ck_payments_charged"), "payments", "(mandate_id IS NULL) = (charged_at IS NULL)"
    )
    op.create_table(
        "mandates",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("mandate_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("end_reason", sa.Text()),
        sa.Column("max_amount", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("token", sa.Text()),
        sa.Column("token_hash", sa.Text()),
        sa.Column("created_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.Column("next_check_at", _INSTANT),
        sa.Column("leased_until", _INSTANT),
        sa.Column("checks", sa.SmallInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("user_id", "mandate_id", name="pk_mandates"),
        sa.CheckConstraint("status IN ('pending', 'active', 'ended')", name=op.f("ck_mandates_status")),
        sa.CheckConstraint("(status = 'ended') = (end_reason IS NOT NULL)", name=op.f("ck_mandates_ended")),
        sa.CheckConstraint("status <> 'active' OR token IS NOT NULL", name=op.f("ck_mandates_active")),
        sa.CheckConstraint("max_amount > 0", name=op.f("ck_mandates_amount")),
    )
    op.create_index("uq_mandates_payment", "mandates", ["user_id", "payment_id"], unique=True)
    op.create_index("ix_mandates_history", "mandates", ["user_id", "created_at", "mandate_id"])
    op.create_index(
        "ix_mandates_due",
        "mandates",
        ["next_check_at"],
        postgresql_where=sa.text("next_check_at IS NOT NULL"),
    )
    op.create_table(
        "mandate_tokens",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("mandate_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_mandate_tokens"),
    )


def downgrade() -> None:
    op.drop_table("mandate_tokens")
    op.drop_table("mandates")
    op.drop_constraint(op.f("ck_payments_charged"), "payments", type_="check")
    op.drop_column("payments", "charged_at")
    op.drop_column("payments", "mandate_id")
