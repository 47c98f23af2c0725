"""Whether an admin is told of each new subscription, once a day, or not at all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"


def upgrade() -> None:
    op.add_column(
        "admins",
        sa.Column("subscription_notices", sa.Text(), server_default="digest", nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_admins_subscription_notices"), "admins", "subscription_notices IN ('each', 'digest', 'off')"
    )


def downgrade() -> None:
    op.drop_column("admins", "subscription_notices")
