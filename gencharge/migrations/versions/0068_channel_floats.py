"""Our balance at each channel, from which balance on it is low, and why a channel is paused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    op.create_table(
        "channel_floats",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("balance", sa.BigInteger()),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failure", sa.Text()),
        sa.Column("low_since", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("channel", name="pk_channel_floats"),
        sa.CheckConstraint(
            "num_nulls(balance, answered_at) IN (0, 2)", name=op.f("ck_channel_floats_answered")
        ),
    )
    op.add_column(
        "operator_channels", sa.Column("low_float", sa.BigInteger(), server_default="5000000", nullable=False)
    )
    op.add_column("operator_channels", sa.Column("pause_reason", sa.Text()))
    op.create_check_constraint(op.f("ck_operator_channels_low_float"), "operator_channels", "low_float >= 0")


def downgrade() -> None:
    op.drop_column("operator_channels", "pause_reason")
    op.drop_column("operator_channels", "low_float")
    op.drop_table("channel_floats")
