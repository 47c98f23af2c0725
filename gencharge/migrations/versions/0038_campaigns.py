"""Campaigns and who is in them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("target", postgresql.JSONB(), nullable=False),
        sa.Column("control_percent", sa.SmallInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("looked_at", sa.Uuid()),
        sa.Column("selected_at", sa.DateTime(timezone=True)),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", name="pk_campaigns"),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.offer_id"], name="fk_campaigns_offer_id_offers"),
        sa.CheckConstraint("state IN ('scheduled', 'running', 'cancelled')", name=op.f("ck_campaigns_state")),
        sa.CheckConstraint("control_percent BETWEEN 0 AND 50", name=op.f("ck_campaigns_control_percent")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_campaigns_window")),
        sa.CheckConstraint(
            "state <> 'running' OR selected_at IS NOT NULL", name=op.f("ck_campaigns_selected")
        ),
    )
    op.create_index("ix_campaigns_all", "campaigns", ["created_at", "campaign_id"])
    op.create_index("ix_campaigns_of_state", "campaigns", ["state", "starts_at"])
    op.create_table(
        "campaign_members",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("is_control", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "campaign_id", name="pk_campaign_members"),
    )
    op.create_index("ix_campaign_members_of_campaign", "campaign_members", ["campaign_id"])


def downgrade() -> None:
    op.drop_table("campaign_members")
    op.drop_table("campaigns")
