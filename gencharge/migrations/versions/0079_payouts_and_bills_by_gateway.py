"""Payouts of closed accounts: payees, and what is on its way to them. Bills that a gateway collects."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0079"
down_revision = "0078"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "payees",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text()),
        sa.Column("destination", sa.Text()),
        sa.Column("holder", sa.Text()),
        sa.Column("fund_account", sa.Text()),
        sa.Column("verified_at", _INSTANT),
        sa.Column("checks", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("checks_since", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_payees"),
        sa.CheckConstraint("kind IN ('upi', 'bank_account')", name=op.f("ck_payees_kind")),
        sa.CheckConstraint(
            "num_nulls(kind, destination, holder, fund_account, verified_at) IN (0, 5)",
            name=op.f("ck_payees_verified"),
        ),
    )
    op.create_table(
        "payouts",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("payout_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text()),
        sa.Column("destination", sa.Text()),
        sa.Column("holder", sa.Text()),
        sa.Column("fund_account", sa.Text()),
        sa.Column("round", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("gateway_payout_id", sa.Text()),
        sa.Column("utr", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("paid_by", sa.Uuid()),
        sa.Column("paid_at", _INSTANT),
        sa.Column("created_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.Column("next_attempt_at", _INSTANT),
        sa.Column("leased_until", _INSTANT),
        sa.PrimaryKeyConstraint("user_id", "payout_id", name="pk_payouts"),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payouts_amount")),
        sa.CheckConstraint("status IN ('needs_payee', 'due', 'paid')", name=op.f("ck_payouts_status")),
        sa.CheckConstraint("kind IN ('upi', 'bank_account')", name=op.f("ck_payouts_kind")),
        sa.CheckConstraint(
            "(status = 'paid') = (utr IS NOT NULL AND paid_at IS NOT NULL)", name=op.f("ck_payouts_proof")
        ),
        sa.CheckConstraint("(status = 'due') = (next_attempt_at IS NOT NULL)", name=op.f("ck_payouts_due")),
        sa.CheckConstraint("status <> 'due' OR fund_account IS NOT NULL", name=op.f("ck_payouts_payee")),
    )
    due = sa.text("next_attempt_at IS NOT NULL")
    op.create_index("ix_payouts_due", "payouts", ["next_attempt_at"], postgresql_where=due)
    op.create_index("ix_payouts_all", "payouts", ["created_at", "payout_id"])
    op.create_index(
        "ix_payouts_open", "payouts", ["created_at"], postgresql_where=sa.text("status <> 'paid'")
    )
    # Accounts that were closed before: their money waits for somebody to say where it goes. Code 11 of the ledger is `payout`; the
    # index of rare codes answers this.
    op.execute(
        "INSERT INTO payouts (user_id, payout_id, amount, status, reason, created_at)"
        " SELECT user_id, id, amount, 'needs_payee', 'no_payee', created_at FROM transfers"
        " WHERE code = 11 AND code NOT IN (3, 5, 6, 7)"
    )
    _check_bill_payments("'unpaid', 'pending'", "'unpaid', 'pending', 'paid', 'failed'")


def _check_bill_payments(open_ones: str, all_of_them: str) -> None:
    for name in ("status", "ended"):
        # Its first name has the prefix twice.
        op.execute(
            f"ALTER TABLE bill_payments DROP CONSTRAINT IF EXISTS ck_bill_payments_ck_bill_payments_{name},"
            f" DROP CONSTRAINT IF EXISTS ck_bill_payments_{name}"
        )
    op.create_check_constraint(op.f("ck_bill_payments_status"), "bill_payments", f"status IN ({all_of_them})")
    op.create_check_constraint(
        op.f("ck_bill_payments_ended"), "bill_payments", f"(status IN ({open_ones})) = (ended_at IS NULL)"
    )


def downgrade() -> None:
    _check_bill_payments("'pending'", "'pending', 'paid', 'failed'")
    op.drop_table("payouts")
    op.drop_table("payees")
