"""The order in which a number's queued plans start."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    # A catalogue change only: no row is written, however many there are.
    op.add_column("active_plans", sa.Column("queue_rank", sa.SmallInteger()))


def downgrade() -> None:
    op.drop_column("active_plans", "queue_rank")
