"""Autopay: recharges that happen by themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "autopays",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("autopay_id", sa.Uuid(), nullable=False),
        sa.Column("phone_number", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("plan_name", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("pause_reason", sa.Text()),
        sa.Column("payment_method", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("max_amount", sa.BigInteger(), nullable=False),
        sa.Column("interval_count", sa.SmallInteger()),
        sa.Column("interval_unit", sa.Text()),
        sa.Column("first_due", _INSTANT, nullable=False),
        sa.Column("periods", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_due", _INSTANT),
        sa.Column("noticed_due", _INSTANT),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("cycle", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("recharge_id", sa.Uuid()),
        sa.Column("wake_at", _INSTANT),
        sa.Column("leased_until", _INSTANT),
        sa.Column("created_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "autopay_id", name="pk_autopays"),
        sa.CheckConstraint("tag IN ('onetime', 'regular')", name=op.f("ck_autopays_tag")),
        sa.CheckConstraint(
            "status IN ('active', 'paused', 'completed', 'failed', 'cancelled')",
            name=op.f("ck_autopays_status"),
        ),
        sa.CheckConstraint(
            "(status = 'paused') = (pause_reason IS NOT NULL)", name=op.f("ck_autopays_paused")
        ),
        sa.CheckConstraint("(status = 'active') = (wake_at IS NOT NULL)", name=op.f("ck_autopays_awake")),
        sa.CheckConstraint(
            "(status IN ('active', 'paused')) = (next_due IS NOT NULL)", name=op.f("ck_autopays_due")
        ),
        sa.CheckConstraint(
            "(tag = 'regular') = (interval_count IS NOT NULL)", name=op.f("ck_autopays_every")
        ),
        sa.CheckConstraint(
            "interval_count > 0 AND interval_unit IN ('day', 'month')", name=op.f("ck_autopays_interval")
        ),
        sa.CheckConstraint("price > 0 AND max_amount > 0", name=op.f("ck_autopays_amounts")),
    )
    op.create_index(
        "uq_autopays_live",
        "autopays",
        ["user_id", "phone_number", "plan_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('active', 'paused')"),
    )
    op.create_index("ix_autopays_all", "autopays", ["created_at", "autopay_id"])
    op.create_index("ix_autopays_of_number", "autopays", ["phone_number", "created_at", "autopay_id"])
    op.create_index(
        "ix_autopays_due", "autopays", ["wake_at"], postgresql_where=sa.text("wake_at IS NOT NULL")
    )
    op.create_index(
        "ix_autopays_calendar",
        "autopays",
        ["next_due", "autopay_id"],
        postgresql_where=sa.text("next_due IS NOT NULL"),
    )
    op.create_table(
        "autopay_attempts",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("autopay_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("attempted_at", _INSTANT, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("recharge_id", sa.Uuid()),
        sa.Column("late_seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "attempt_id", name="pk_autopay_attempts"),
        sa.CheckConstraint(
            "outcome IN ('succeeded', 'failed', 'abandoned', 'paused', 'skipped')",
            name=op.f("ck_autopay_attempts_outcome"),
        ),
        sa.CheckConstraint(
            "(outcome = 'succeeded') <= (recharge_id IS NOT NULL)",
            name=op.f("ck_autopay_attempts_succeeded"),
        ),
    )
    op.create_index(
        "ix_autopay_attempts_history",
        "autopay_attempts",
        ["user_id", "autopay_id", "attempted_at", "attempt_id"],
    )
    op.create_index(
        "uq_autopay_attempts_success",
        "autopay_attempts",
        ["user_id", "autopay_id", "due_at"],
        unique=True,
        postgresql_where=sa.text("outcome = 'succeeded'"),
    )


def downgrade() -> None:
    op.drop_table("autopay_attempts")
    op.drop_table("autopays")
