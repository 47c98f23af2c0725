"""The language in which customers and admins read notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    for table in ("users", "admins"):
        op.add_column(table, sa.Column("language", sa.Text(), nullable=False, server_default="en"))


def downgrade() -> None:
    for table in ("users", "admins"):
        op.drop_column(table, "language")
