"""Payouts that arrived are asked about for some days: a bank may send the money back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0079"


def upgrade() -> None:
    ended: sa.Column[list[str]] = sa.Column(
        "ended_payout_ids", sa.ARRAY(sa.Text()), server_default="{}", nullable=False
    )
    op.add_column("payouts", ended)
    op.drop_constraint(op.f("ck_payouts_due"), "payouts")
    op.create_check_constraint(
        op.f("ck_payouts_due"), "payouts", "status <> 'due' OR next_attempt_at IS NOT NULL"
    )
    op.create_check_constraint(
        op.f("ck_payouts_asked"),
        "payouts",
        "status <> 'paid' OR next_attempt_at IS NULL OR gateway_payout_id IS NOT NULL",
    )
    op.create_check_constraint(
        op.f("ck_payouts_at_rest"), "payouts", "status <> 'needs_payee' OR next_attempt_at IS NULL"
    )
    # What arrived lately is asked about, too.
    op.execute(
        "UPDATE payouts SET next_attempt_at = now()"
        " WHERE status = 'paid' AND gateway_payout_id IS NOT NULL AND paid_at > now() - interval '14 days'"
    )


def downgrade() -> None:
    op.execute("UPDATE payouts SET next_attempt_at = NULL, leased_until = NULL WHERE status = 'paid'")
    op.drop_constraint(op.f("ck_payouts_at_rest"), "payouts")
    op.drop_constraint(op.f("ck_payouts_asked"), "payouts")
    op.drop_constraint(op.f("ck_payouts_due"), "payouts")
    op.create_check_constraint(
        op.f("ck_payouts_due"), "payouts", "(status = 'due') = (next_attempt_at IS NOT NULL)"
    )
    op.drop_column("payouts", "ended_payout_ids")
