"""One-time codes of offers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "offers", sa.Column("one_time_code", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_check_constraint(op.f("ck_offers_one_code"), "offers", "code IS NULL OR NOT one_time_code")
    op.add_column("offer_uses", sa.Column("code", sa.Text()))
    op.create_table(
        "offer_codes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("bound_to", sa.Uuid()),
        sa.Column("used_by", sa.Uuid()),
        sa.Column("recharge_id", sa.Uuid()),
        sa.Column("used_at", _INSTANT),
        sa.Column("created_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_offer_codes"),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.offer_id"], name="fk_offer_codes_offer_id_offers"),
        sa.CheckConstraint("code ~ '^[A-Z0-9]{10,20}$'", name=op.f("ck_offer_codes_code")),
        sa.CheckConstraint(
            "num_nonnulls(used_by, recharge_id, used_at) IN (0, 3)", name=op.f("ck_offer_codes_use")
        ),
        sa.CheckConstraint("coalesce(used_by = bound_to, true)", name=op.f("ck_offer_codes_bound")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index("ix_offer_codes_of_offer", "offer_codes", ["offer_id", "created_at", "code"])
    op.create_index(
        "ix_offer_codes_of_customer",
        "offer_codes",
        ["bound_to"],
        postgresql_where=sa.text("bound_to IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("offer_codes")
    op.drop_column("offer_uses", "code")
    op.drop_constraint(op.f("ck_offers_one_code"), "offers")
    op.drop_column("offers", "one_time_code")
