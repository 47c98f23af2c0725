"""The bank's reference of a payment, and indexes by what people quote: it, the gateway's payment, the operator's reference, a receipt's number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"

_INDEXES = (
    ("payments", "bank_reference", True),
    ("payments", "gateway_payment_id", True),
    ("operator_attempts", "operator_reference", True),
    ("receipts", "number", False),
)


def upgrade() -> None:
    op.add_column("payments", sa.Column("bank_reference", sa.Text()))
    for table, column, may_be_missing in _INDEXES:
        op.create_index(
            f"ix_{table}_{column}",
            table,
            [column],
            postgresql_where=sa.text(f"{column} IS NOT NULL") if may_be_missing else None,
        )


def downgrade() -> None:
    for table, column, _ in _INDEXES:
        op.drop_index(f"ix_{table}_{column}", table)
    op.drop_column("payments", "bank_reference")
