"""Budgets of campaigns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"


def upgrade() -> None:
    op.create_table(
        "offer_budgets",
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("budget_paise", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("budget_id", name="pk_offer_budgets"),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.offer_id"], name="fk_offer_budgets_offer_id_offers"),
        sa.CheckConstraint("budget_paise > 0", name=op.f("ck_offer_budgets_budget")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_offer_budgets_window")),
    )
    op.create_index("ix_offer_budgets_of_offer", "offer_budgets", ["offer_id", "starts_at"])
    op.add_column("offer_uses", sa.Column("budget_id", sa.Uuid()))
    op.add_column("offer_uses", sa.Column("budget_slot", sa.SmallInteger()))
    op.create_check_constraint(
        op.f("ck_offer_uses_budget"), "offer_uses", "num_nulls(budget_id, budget_slot) IN (0, 2)"
    )
    op.add_column("campaigns", sa.Column("budget_paise", sa.BigInteger()))
    op.create_check_constraint(op.f("ck_campaigns_budget"), "campaigns", "budget_paise > 0")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_campaigns_budget"), "campaigns")
    op.drop_column("campaigns", "budget_paise")
    op.drop_constraint(op.f("ck_offer_uses_budget"), "offer_uses")
    op.drop_column("offer_uses", "budget_slot")
    op.drop_column("offer_uses", "budget_id")
    op.drop_table("offer_budgets")
