"""Customers who may spend less for a while, because a new device signed in or the number changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.create_table(
        "velocity_cautions",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_velocity_cautions"),
        sa.CheckConstraint(
            "reason IN ('new_device', 'number_changed')", name=op.f("ck_velocity_cautions_reason")
        ),
    )
    op.create_index("ix_velocity_cautions_ends_at", "velocity_cautions", ["ends_at"])


def downgrade() -> None:
    op.drop_table("velocity_cautions")
