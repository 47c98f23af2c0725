"""Plans of any amount, and the talktime that a recharge with one credits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0069"
down_revision = "0068"


def upgrade() -> None:
    op.add_column("plans", sa.Column("max_price_paise", sa.BigInteger()))
    op.add_column("plans", sa.Column("price_step_paise", sa.BigInteger()))
    op.add_column("plans", sa.Column("sample_prices_paise", postgresql.ARRAY(sa.BigInteger())))
    op.add_column("plans", sa.Column("gst_percent", sa.SmallInteger()))
    op.add_column("plans", sa.Column("fee_basis_points", sa.Integer()))
    op.add_column("plans", sa.Column("fee_cap_paise", sa.BigInteger()))
    op.create_check_constraint(
        op.f("ck_plans_amounts"),
        "plans",
        "num_nonnulls(max_price_paise, price_step_paise, sample_prices_paise) IN (0, 3)"
        " AND (max_price_paise IS NULL OR category = 'talktime' AND max_price_paise > price_paise"
        " AND price_step_paise > 0 AND (max_price_paise - price_paise) % price_step_paise = 0)",
    )
    op.create_check_constraint(
        op.f("ck_plans_talktime"),
        "plans",
        "num_nonnulls(gst_percent, fee_basis_points, fee_cap_paise) IN (0, 3)"
        " AND (gst_percent IS NULL OR max_price_paise IS NOT NULL AND gst_percent BETWEEN 0 AND 100"
        " AND fee_basis_points BETWEEN 0 AND 10000 AND fee_cap_paise >= 0)",
    )
    op.add_column("recharges", sa.Column("talktime", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("recharges", "talktime")
    op.drop_constraint(op.f("ck_plans_talktime"), "plans")
    op.drop_constraint(op.f("ck_plans_amounts"), "plans")
    for name in (
        "fee_cap_paise",
        "fee_basis_points",
        "gst_percent",
        "sample_prices_paise",
        "price_step_paise",
        "max_price_paise",
    ):
        op.drop_column("plans", name)
