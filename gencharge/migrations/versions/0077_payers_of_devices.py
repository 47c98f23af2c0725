"""How many customers pay from one device."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("device_id", sa.Uuid()))
    op.create_table(
        "velocity_device_payers",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "payer_id", name="pk_velocity_device_payers"),
    )
    op.create_index("ix_velocity_device_payers_paid_at", "velocity_device_payers", ["paid_at"])


def downgrade() -> None:
    op.drop_table("velocity_device_payers")
    op.drop_column("sessions", "device_id")
