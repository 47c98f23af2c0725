"""The ledger, wallets, recharges and active plans."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_SQL = Path(__file__).parent.parent / "sql"
_INSTANT = sa.DateTime(timezone=True)
_NOW = sa.func.now()
# History is written once: not even the application's own role may change it.
_HISTORY = "REVOKE UPDATE, DELETE, TRUNCATE ON transfers FROM gencharge_app"
# A wallet is never deleted by the application either; its row is what CHECKs guard.
_WALLETS = "REVOKE DELETE, TRUNCATE ON wallets FROM gencharge_app"


def upgrade() -> None:
    op.create_table(
        "wallets",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("posted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.Column("updated_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_wallets"),
        sa.CheckConstraint("posted - held >= 0", name=op.f("ck_wallets_available")),
        sa.CheckConstraint("held >= 0", name=op.f("ck_wallets_held")),
        # Half-empty pages keep the updates of a busy wallet on their page (heap-only tuples).
        postgresql_with={"fillfactor": "50"},
    )
    _create_transfers()
    _create_recharges()
    _create_active_plans()
    op.execute(_HISTORY)
    op.execute(_WALLETS)
    for name in ("0004_ledger.sql", "0004_recharge.sql"):
        op.get_bind().exec_driver_sql((_SQL / name).read_text(encoding="utf-8").replace("%", "%%"))


def _create_transfers() -> None:
    op.create_table(
        "transfers",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("debit", sa.Text(), nullable=False),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reference_id", sa.Uuid()),
        sa.Column("phone_number", sa.Text()),
        sa.Column("service_type", sa.Text()),
        sa.Column("source", sa.Text()),
        sa.Column("payment_method", sa.Text()),
        sa.Column("created_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_transfers"),
        sa.CheckConstraint("amount > 0", name=op.f("ck_transfers_amount")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_transfers_accounts")),
    )
    op.create_index("uq_transfers_key", "transfers", ["user_id", "key", "code"], unique=True)
    op.create_index("ix_transfers_history", "transfers", ["user_id", "created_at", "id"])


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
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_recharges"),
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
        "ix_active_plans_due", "active_plans", ["valid_until"], postgresql_where=sa.text("status = 'active'")
    )
    op.create_index(
        "ix_active_plans_queued",
        "active_plans",
        ["phone_number", "created_at"],
        postgresql_where=sa.text("status = 'queued'"),
    )


def downgrade() -> None:
    raise RuntimeError("the ledger is not undone by a migration: restore a backup instead")
