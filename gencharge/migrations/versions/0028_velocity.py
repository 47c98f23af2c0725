"""Velocity rules: what they held back, and whom the staff allow more.

Drops the functions of a sale that know no bounds: the ones with them take their place in the same transaction.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0024"

# Processes of the last release go on: they name their arguments, and the new ones have a default.
_FROM_WALLET = (
    "recharge_from_wallet(uuid, uuid, text, bytea, text, uuid, text, text, boolean, boolean, integer, uuid, uuid, jsonb,"
    " timestamptz, bigint)"
)
_WITH_PAYMENT = (
    "recharge_with_payment(uuid, uuid, text, bytea, text, uuid, text, text, boolean, boolean, integer, text, bigint, bigint,"
    " uuid, jsonb, timestamptz)"
)
_BEGIN = "begin_recharge(uuid, uuid, text, bytea, text, uuid, text, text, boolean, boolean, integer, jsonb, timestamptz, bigint)"
_ADD = "add_recharge(recharges, active_plans)"


def upgrade() -> None:
    op.create_table(
        "held_back",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("held_back_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("window_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("phone_number", sa.Text()),
        sa.Column("session_id", sa.Uuid()),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("bound", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "held_back_id", name="pk_held_back"),
        sa.CheckConstraint("kind IN ('recharge', 'topup')", name=op.f("ck_held_back_kind")),
        sa.CheckConstraint("attempts > 0", name=op.f("ck_held_back_attempts")),
    )
    op.create_index(
        "uq_held_back_window", "held_back", ["user_id", "rule", "subject", "window_from"], unique=True
    )
    op.create_index("ix_held_back_all", "held_back", ["first_at", "held_back_id"])
    op.create_table(
        "velocity_allowances",
        sa.Column("allowance_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("factor", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("allowed_by", sa.Uuid(), nullable=False),
        sa.Column("allowed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("allowance_id", name="pk_velocity_allowances"),
        sa.CheckConstraint("factor BETWEEN 2 AND 100", name=op.f("ck_velocity_allowances_factor")),
    )
    op.create_index("ix_velocity_allowances_all", "velocity_allowances", ["allowed_at", "allowance_id"])
    op.create_index("ix_velocity_allowances_subject", "velocity_allowances", ["subject", "ends_at"])
    for function in (_FROM_WALLET, _WITH_PAYMENT, _BEGIN, _ADD):
        op.execute(f"DROP FUNCTION IF EXISTS {function}")


def downgrade() -> None:
    raise RuntimeError("the last release can't call what comes after it: restore a backup instead")
