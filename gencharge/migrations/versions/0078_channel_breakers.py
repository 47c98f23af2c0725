"""The circuit breakers that processes opened, so that the staff see them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0077"


def upgrade() -> None:
    op.create_table(
        "channel_breakers",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("process", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("alerted_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("channel", "process", name="pk_channel_breakers"),
    )


def downgrade() -> None:
    op.drop_table("channel_breakers")
