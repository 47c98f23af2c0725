"""Adjustments of wallets, the operator of a transfer, and the indexes of the lists over all customers."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_SQL = Path(__file__).parent.parent / "sql"
_INSTANT = sa.DateTime(timezone=True)
_NOW = sa.func.now()
_OLD_DOOR = """
DROP FUNCTION wallet_transfer(uuid, uuid, text, text, bigint, smallint, text, uuid, text, text, text, text, bigint,
                              timestamptz)
"""
_OPERATORS_OF_OLD_ROWS = """
UPDATE transfers SET operator = upper(substr(CASE WHEN starts_with(credit, 'operator:') THEN credit ELSE debit END, 10))
WHERE starts_with(credit, 'operator:') OR starts_with(debit, 'operator:')
"""
# A request stays what was asked for; only what was decided about it is written later.
_REQUESTS = (
    "REVOKE UPDATE, DELETE, TRUNCATE ON adjustments FROM gencharge_app",
    "GRANT UPDATE (status, decided_by, decided_at, decision_note) ON adjustments TO gencharge_app",
    "REVOKE UPDATE, DELETE, TRUNCATE ON adjustment_keys FROM gencharge_app",
)


def upgrade() -> None:
    op.add_column("transfers", sa.Column("operator", sa.Text()))
    op.execute(_OPERATORS_OF_OLD_ROWS)
    op.execute(_OLD_DOOR)
    door = (_SQL / "0010_ledger.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(door.replace("%", "%%"))
    _create_adjustments()
    _index_the_lists()
    for statement in _REQUESTS:
        op.execute(statement)


def _create_adjustments() -> None:
    op.create_table(
        "adjustments",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("adjustment_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text()),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", _INSTANT),
        sa.Column("decision_note", sa.Text()),
        sa.PrimaryKeyConstraint("user_id", "adjustment_id", name="pk_adjustments"),
        sa.CheckConstraint("direction IN ('credit', 'debit')", name=op.f("ck_adjustments_direction")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_adjustments_amount")),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'rejected', 'cancelled', 'expired')",
            name=op.f("ck_adjustments_status"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('approved', 'rejected') OR decided_by IS DISTINCT FROM requested_by"
            " AND decided_by IS NOT NULL",
            name=op.f("ck_adjustments_four_eyes"),
        ),
        sa.CheckConstraint(
            "(status = 'pending') = (decided_at IS NULL)", name=op.f("ck_adjustments_decided")
        ),
    )
    op.create_index("ix_adjustments_all", "adjustments", ["requested_at", "adjustment_id"])
    op.create_index("ix_adjustments_of_status", "adjustments", ["status", "requested_at", "adjustment_id"])
    op.create_index(
        "ix_adjustments_of_admin", "adjustments", ["requested_by", "requested_at", "adjustment_id"]
    )
    op.create_table(
        "adjustment_keys",
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("adjustment_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("requested_by", "idempotency_key", name="pk_adjustment_keys"),
    )


def _index_the_lists() -> None:
    """The staff's lists. Five of these are written by every recharge from the wallet: together some 7 % of what it
    costs PostgreSQL, most of it the two by number, which support can't do without. The partial ones cost it nothing.
    """
    op.create_index("ix_transfers_all", "transfers", ["created_at", "id"])
    op.create_index(
        "ix_transfers_of_number",
        "transfers",
        ["phone_number", "created_at", "id"],
        postgresql_where=sa.text("phone_number IS NOT NULL"),
    )
    op.create_index(
        "ix_transfers_of_reference",
        "transfers",
        ["reference_id"],
        postgresql_where=sa.text("reference_id IS NOT NULL"),
    )
    # The everyday codes (recharge, hold, capture, release) fill a page from the order of all; the others would not.
    op.create_index(
        "ix_transfers_of_rare_code",
        "transfers",
        ["code", "created_at", "id"],
        postgresql_where=sa.text("code NOT IN (3, 5, 6, 7)"),
    )
    op.create_index("ix_recharges_all", "recharges", ["created_at", "id"])
    op.create_index("ix_recharges_of_number", "recharges", ["phone_number", "created_at", "id"])
    op.create_index(
        "ix_recharges_not_delivered",
        "recharges",
        ["status", "created_at", "id"],
        postgresql_where=sa.text("status <> 'delivered'"),
    )
    op.drop_index("ix_active_plans_due", "active_plans")
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
    raise RuntimeError("the ledger is not undone by a migration: restore a backup instead")
