"""Autopays of postpaid bills."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"


def upgrade() -> None:
    op.add_column("autopays", sa.Column("kind", sa.Text(), nullable=False, server_default="plan"))
    op.alter_column("autopays", "plan_id", nullable=True)
    op.drop_constraint(op.f("ck_autopays_amounts"), "autopays", type_="check")
    op.create_check_constraint(
        op.f("ck_autopays_amounts"),
        "autopays",
        "(price > 0 OR kind = 'bill' AND price = 0) AND max_amount > 0",
    )
    op.create_check_constraint(
        op.f("ck_autopays_kind"),
        "autopays",
        "kind IN ('plan', 'bill') AND (kind = 'plan') = (plan_id IS NOT NULL)",
    )
    op.create_check_constraint(
        op.f("ck_autopays_bill_method"), "autopays", "kind = 'plan' OR payment_method = 'wallet'"
    )
    op.create_index(
        "uq_autopays_live_bill",
        "autopays",
        ["user_id", "phone_number"],
        unique=True,
        postgresql_where=sa.text("kind = 'bill' AND status IN ('active', 'paused')"),
    )


def downgrade() -> None:
    op.execute("DELETE FROM autopays WHERE kind = 'bill'")
    op.drop_index("uq_autopays_live_bill", "autopays")
    op.drop_constraint(op.f("ck_autopays_bill_method"), "autopays", type_="check")
    op.drop_constraint(op.f("ck_autopays_kind"), "autopays", type_="check")
    op.drop_constraint(op.f("ck_autopays_amounts"), "autopays", type_="check")
    op.create_check_constraint(op.f("ck_autopays_amounts"), "autopays", "price > 0 AND max_amount > 0")
    op.alter_column("autopays", "plan_id", nullable=False)
    op.drop_column("autopays", "kind")
