"""Automatic top-ups: the wallet filled up by a mandate when it runs low."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "auto_topups",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("monthly_max", sa.BigInteger(), nullable=False),
        sa.Column("mandate_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("pause_reason", sa.Text()),
        sa.Column("is_armed", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("charge_at", _INSTANT),
        sa.Column("held_back", sa.Text()),
        sa.Column("cycle", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("payment_id", sa.Uuid()),
        sa.Column("wake_at", _INSTANT),
        sa.Column("leased_until", _INSTANT),
        sa.Column("created_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_auto_topups"),
        sa.CheckConstraint("status IN ('active', 'paused')", name=op.f("ck_auto_topups_status")),
        sa.CheckConstraint(
            "(status = 'paused') = (pause_reason IS NOT NULL)", name=op.f("ck_auto_topups_paused")
        ),
        sa.CheckConstraint("(status = 'active') = (wake_at IS NOT NULL)", name=op.f("ck_auto_topups_awake")),
        sa.CheckConstraint(
            "threshold > 0 AND amount >= threshold AND monthly_max >= amount",
            name=op.f("ck_auto_topups_amounts"),
        ),
        sa.CheckConstraint(
            "payment_id IS NULL OR charge_at IS NOT NULL", name=op.f("ck_auto_topups_announced")
        ),
    )
    op.create_index(
        "ix_auto_topups_due",
        "auto_topups",
        ["wake_at"],
        postgresql_where=sa.text("wake_at IS NOT NULL"),
    )
    op.create_index("ix_auto_topups_all", "auto_topups", ["created_at", "user_id"])
    op.create_table(
        "auto_topup_charges",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("payment_id", sa.Uuid()),
        sa.Column("attempted_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "charge_id", name="pk_auto_topup_charges"),
        sa.CheckConstraint(
            "outcome IN ('succeeded', 'failed', 'skipped')", name=op.f("ck_auto_topup_charges_outcome")
        ),
        sa.CheckConstraint(
            "(outcome = 'succeeded') <= (payment_id IS NOT NULL)",
            name=op.f("ck_auto_topup_charges_succeeded"),
        ),
    )
    op.create_index(
        "ix_auto_topup_charges_history", "auto_topup_charges", ["user_id", "attempted_at", "charge_id"]
    )
    op.create_index(
        "uq_auto_topup_charges_success",
        "auto_topup_charges",
        ["user_id", "cycle"],
        unique=True,
        postgresql_where=sa.text("outcome = 'succeeded'"),
    )


def downgrade() -> None:
    op.drop_table("auto_topup_charges")
    op.drop_table("auto_topups")
