"""Autopay by mandate, when the wallet does not cover the price."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.add_column("autopays", sa.Column("mandate_id", sa.Uuid()))
    op.add_column("autopays", sa.Column("noticed_at", sa.DateTime(timezone=True)))
    op.add_column("autopays", sa.Column("noticed_price", sa.BigInteger()))
    op.create_check_constraint(
        op.f("ck_autopays_method"), "autopays", "(payment_method = 'mandate') = (mandate_id IS NOT NULL)"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_autopays_method"), "autopays", type_="check")
    op.drop_column("autopays", "noticed_price")
    op.drop_column("autopays", "noticed_at")
    op.drop_column("autopays", "mandate_id")
