"""Autopays of an amount that their owners chose."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"


def upgrade() -> None:
    op.add_column("autopays", sa.Column("amount", sa.BigInteger()))
    op.create_check_constraint(
        op.f("ck_autopays_amount"), "autopays", "amount IS NULL OR amount > 0 AND kind = 'plan'"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_autopays_amount"), "autopays")
    op.drop_column("autopays", "amount")
