"""How many customers pay from one address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"

_REASON = "ck_velocity_cautions_reason"


def upgrade() -> None:
    op.create_table(
        "velocity_payers",
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("network", "payer_id", name="pk_velocity_payers"),
    )
    op.create_index("ix_velocity_payers_paid_at", "velocity_payers", ["paid_at"])
    op.drop_constraint(op.f(_REASON), "velocity_cautions")
    op.create_check_constraint(
        op.f(_REASON), "velocity_cautions", "reason IN ('new_device', 'number_changed', 'new_account')"
    )


def downgrade() -> None:
    op.execute("DELETE FROM velocity_cautions WHERE reason = 'new_account'")
    op.drop_constraint(op.f(_REASON), "velocity_cautions")
    op.create_check_constraint(
        op.f(_REASON), "velocity_cautions", "reason IN ('new_device', 'number_changed')"
    )
    op.drop_table("velocity_payers")
