"""A bank's reference proves payouts to one customer only: it is looked for before one is settled by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0084"
down_revision = "0080"


def upgrade() -> None:
    op.create_index("ix_payouts_proof", "payouts", ["utr"], postgresql_where=sa.text("utr IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_payouts_proof", "payouts")
