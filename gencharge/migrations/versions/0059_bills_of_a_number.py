"""The bills of a number, and all customers' bills by time, for the staff."""

from __future__ import annotations

from alembic import op

revision = "0059"
down_revision = "0058"


def upgrade() -> None:
    # Bills are new with this release, so the table is small.
    op.create_index("ix_bills_number", "bills", ["phone_number", "created_at", "bill_id"])
    op.create_index("ix_bills_all", "bills", ["created_at", "bill_id"])


def downgrade() -> None:
    op.drop_index("ix_bills_all", "bills")
    op.drop_index("ix_bills_number", "bills")
