"""What the staff find a payout, a refund, a complaint and the payment of a bill by: nothing but its reference."""

from __future__ import annotations

from alembic import op

revision = "0082"
down_revision = "0081"
# Name, table, column.
INDEXES = (
    ("ix_payouts_payout_id", "payouts", "payout_id"),
    ("ix_refunds_refund_id", "refunds", "refund_id"),
    ("ix_recharge_refunds_refund_id", "recharge_refunds", "refund_id"),
    ("ix_complaints_complaint_id", "complaints", "complaint_id"),
    ("ix_bill_payments_bill_reference", "bill_payments", "bill_reference"),
)
# Those that are null at first.
PARTIAL = (
    ("ix_payouts_utr", "payouts", "utr"),
    ("ix_payouts_gateway_payout_id", "payouts", "gateway_payout_id"),
    ("ix_refunds_gateway_refund_id", "refunds", "gateway_refund_id"),
)


def upgrade() -> None:
    for name, table, column in INDEXES:
        op.create_index(name, table, [column])
    for name, table, column in PARTIAL:
        op.execute(f"CREATE INDEX {name} ON {table} ({column}) WHERE {column} IS NOT NULL")
    op.create_index("ix_payouts_ended_payout_ids", "payouts", ["ended_payout_ids"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_index("ix_payouts_ended_payout_ids")
    for name, _, _ in (*PARTIAL, *INDEXES):
        op.drop_index(name)
