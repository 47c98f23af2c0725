"""The second factor of admins, and how their sessions remember it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("second_factor_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("sessions", "second_factor_at")
