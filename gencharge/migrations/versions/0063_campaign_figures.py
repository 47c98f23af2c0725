"""Quotes by offer, and what campaigns brought."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"


def upgrade() -> None:
    op.create_table(
        "offer_quote_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=False),
        sa.Column("quotes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "offer_id", "process_id", name="pk_offer_quote_counts"),
    )
    op.create_table(
        "campaign_figures",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("is_control", sa.Boolean(), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("recharged", sa.BigInteger(), nullable=False),
        sa.Column("recharges", sa.BigInteger(), nullable=False),
        sa.Column("paise", sa.BigInteger(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("shown", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "is_control", name="pk_campaign_figures"),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.campaign_id"], name="fk_campaign_figures_campaign_id_campaigns"
        ),
    )


def downgrade() -> None:
    op.drop_table("campaign_figures")
    op.drop_table("offer_quote_counts")
