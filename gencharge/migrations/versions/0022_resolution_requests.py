"""Ending a pending recharge as failed takes a second admin above a sum."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "resolution_requests",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("recharge_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "recharge_id", name="pk_resolution_requests"),
    )


def downgrade() -> None:
    op.drop_table("resolution_requests")
