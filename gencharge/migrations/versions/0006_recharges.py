"""Recharges, numbers' lines, bought plans, and refunds of recharges."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_INSTANT = sa.DateTime(timezone=True)
_NOW = sa.func.now()


def upgrade() -> None:
    _create_recharges()
    _create_active_plans()
    _create_refunds()
    _index_the_lists()


def _create_recharges() -> None:
    op.create_table(
        "recharges",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("phone_number", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("plan_name", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("plan_type", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("wallet_amount", sa.BigInteger(), nullable=False),
        sa.Column("gateway_amount", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("sold_status", sa.Text(), nullable=False),
        sa.Column("payment_method", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("activation_mode", sa.Text(), nullable=False),
        sa.Column("sold_valid_from", _INSTANT),
        sa.Column("sold_valid_until", _INSTANT),
        sa.Column("replaced_plan_name", sa.Text()),
        sa.Column("replaced_valid_until", _INSTANT),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("failure_reason", sa.Text()),
        sa.Column("created_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.Column("completed_at", _INSTANT),
        sa.Column("operator_reference", sa.Text()),
        sa.Column("channel", sa.Text()),
        sa.Column("payment_id", sa.Uuid()),
        sa.Column("refunded_amount", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_recharges"),
        sa.CheckConstraint(
            "refunded_amount >= 0 AND refunded_amount <= wallet_amount + gateway_amount",
            name=op.f("ck_recharges_refunded"),
        ),
        sa.CheckConstraint(
            "price = discount + wallet_amount + gateway_amount", name=op.f("ck_recharges_parts")
        ),
        sa.CheckConstraint(
            "least(price, discount, wallet_amount, gateway_amount) >= 0", name=op.f("ck_recharges_signs")
        ),
    )
    op.create_index("uq_recharges_idempotency_key", "recharges", ["user_id", "idempotency_key"], unique=True)
    op.create_index("ix_recharges_history", "recharges", ["user_id", "created_at", "id"])


def _create_active_plans() -> None:
    op.create_table(
        "lines",
        sa.Column("phone_number", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("phone_number", name="pk_lines"),
    )
    op.create_table(
        "active_plans",
        sa.Column("phone_number", sa.Text(), nullable=False),
        sa.Column("recharge_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("plan_name", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("plan_type", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("is_addon", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("validity_count", sa.Integer()),
        sa.Column("validity_unit", sa.Text(), nullable=False),
        sa.Column("valid_from", _INSTANT),
        sa.Column("valid_until", _INSTANT),
        sa.Column("created_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.PrimaryKeyConstraint("phone_number", "recharge_id", name="pk_active_plans"),
        sa.CheckConstraint(
            "status <> 'active' OR valid_until IS NOT NULL", name=op.f("ck_active_plans_active_ends")
        ),
    )
    base = sa.text("status = 'active' AND NOT is_addon")
    op.create_index(
        "uq_active_plans_base", "active_plans", ["phone_number"], unique=True, postgresql_where=base
    )
    op.create_index(
        "ix_active_plans_queued",
        "active_plans",
        ["phone_number", "created_at"],
        postgresql_where=sa.text("status = 'queued'"),
    )


def _create_refunds() -> None:
    op.create_table(
        "recharge_refunds",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("refund_id", sa.Uuid(), nullable=False),
        sa.Column("recharge_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "refund_id", name="pk_recharge_refunds"),
        sa.CheckConstraint("amount > 0", name=op.f("ck_recharge_refunds_amount")),
        sa.CheckConstraint(
            "destination IN ('wallet', 'source')", name=op.f("ck_recharge_refunds_destination")
        ),
    )
    op.create_index(
        "uq_recharge_refunds_idempotency_key", "recharge_refunds", ["user_id", "idempotency_key"], unique=True
    )
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON recharge_refunds FROM gencharge_app")


def _index_the_lists() -> None:
    """The staff's lists; the two by number are what support can't do without. The partial ones cost a recharge nothing."""
    op.create_index("ix_recharges_all", "recharges", ["created_at", "id"])
    op.create_index("ix_recharges_of_number", "recharges", ["phone_number", "created_at", "id"])
    op.create_index(
        "ix_recharges_not_delivered",
        "recharges",
        ["status", "created_at", "id"],
        postgresql_where=sa.text("status <> 'delivered'"),
    )
    op.create_index(
        "ix_active_plans_due",
        "active_plans",
        ["valid_until", "recharge_id"],
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_index(
        "ix_active_plans_current",
        "active_plans",
        ["status", "created_at", "recharge_id"],
        postgresql_where=sa.text("status IN ('active', 'queued')"),
    )


def downgrade() -> None:
    raise RuntimeError("the first release has nothing before it: restore a backup instead")
