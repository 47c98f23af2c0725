"""A channel's address waits for a second admin. Those that are in use stay in use."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_TABLE = "operator_channels"


def upgrade() -> None:
    op.alter_column(_TABLE, "url", nullable=True)
    op.add_column(_TABLE, sa.Column("pending_url", sa.Text()))
    op.add_column(_TABLE, sa.Column("pending_by", sa.Uuid()))
    op.add_column(_TABLE, sa.Column("pending_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        op.f("ck_operator_channels_pending"),
        _TABLE,
        "num_nulls(pending_url, pending_by, pending_at) IN (0, 3)",
    )


def downgrade() -> None:
    op.execute("DELETE FROM operator_channels WHERE url IS NULL")
    op.drop_constraint(op.f("ck_operator_channels_pending"), _TABLE)
    for column in ("pending_at", "pending_by", "pending_url"):
        op.drop_column(_TABLE, column)
    op.alter_column(_TABLE, "url", nullable=False)
