"""Operators' channels, recharges that go over them, and each attempt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_INSTANT = sa.DateTime(timezone=True)
_NOW = sa.func.now()


def upgrade() -> None:
    _create_channels()
    _create_fulfilments()
    _create_attempts()


def _create_channels() -> None:
    op.create_table(
        "operator_channels",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="10", nullable=False),
        sa.Column("weight", sa.Integer(), server_default="100", nullable=False),
        sa.Column("min_amount", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("max_amount", sa.BigInteger(), server_default="10000000", nullable=False),
        sa.Column("commission_bp", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.Column("updated_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_operator_channels"),
        sa.ForeignKeyConstraint(
            ["operator"], ["operators.code"], name="fk_operator_channels_operator_operators"
        ),
        sa.CheckConstraint("code ~ '^[a-z0-9-]{2,40}$'", name=op.f("ck_operator_channels_code")),
        sa.CheckConstraint("priority >= 0 AND weight > 0", name=op.f("ck_operator_channels_order")),
        sa.CheckConstraint(
            "0 < min_amount AND min_amount <= max_amount", name=op.f("ck_operator_channels_amounts")
        ),
        sa.CheckConstraint(
            "commission_bp >= 0 AND commission_bp < 10000", name=op.f("ck_operator_channels_commission")
        ),
    )


def _create_fulfilments() -> None:
    op.create_table(
        "fulfilments",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("recharge_id", sa.Uuid(), nullable=False),
        sa.Column("phone_number", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("reference", sa.Text()),
        sa.Column("asked", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", _INSTANT),
        sa.Column("leased_until", _INSTANT),
        sa.Column("alerted_at", _INSTANT),
        sa.Column("created_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("user_id", "recharge_id", name="pk_fulfilments"),
        sa.CheckConstraint(
            "state IN ('due', 'submitting', 'pending', 'unknown', 'settled', 'failed')",
            name=op.f("ck_fulfilments_state"),
        ),
        sa.CheckConstraint(
            "(next_attempt_at IS NULL) = (state IN ('settled', 'failed'))", name=op.f("ck_fulfilments_due")
        ),
    )
    op.create_index(
        "ix_fulfilments_due",
        "fulfilments",
        ["next_attempt_at"],
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )


def _create_attempts() -> None:
    op.create_table(
        "operator_attempts",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("recharge_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("operator_reference", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.PrimaryKeyConstraint("user_id", "recharge_id", "attempt", name="pk_operator_attempts"),
        sa.CheckConstraint(
            "outcome IN ('delivered', 'refused', 'not_sent')", name=op.f("ck_operator_attempts_outcome")
        ),
    )
    op.create_index("ix_operator_attempts_statement", "operator_attempts", ["channel", "started_at"])
    op.create_table(
        "operator_references",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("recharge_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reference", name="pk_operator_references"),
    )


def downgrade() -> None:
    raise RuntimeError("the first release has nothing before it: restore a backup instead")
