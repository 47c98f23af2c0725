"""Sentences that are stored for the staff, so that another language can say them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0075"
down_revision = "0074"

_TABLES = ("approvals", "work_reports")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("wording", JSONB(none_as_null=True)))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "wording")
