"""Events that were delivered, stored for some days: a recovery writes again into MongoDB what an older backup of it does not have."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0076"
down_revision = "0075"


def upgrade() -> None:
    op.create_table(
        "delivered_events",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("users", ARRAY(sa.Uuid()), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name="pk_delivered_events"),
    )
    op.create_index("ix_delivered_events_delivered_at", "delivered_events", ["delivered_at"])
    # Compressed and encrypted already: PostgreSQL need not try.
    op.execute("ALTER TABLE delivered_events ALTER COLUMN content SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.drop_table("delivered_events")
