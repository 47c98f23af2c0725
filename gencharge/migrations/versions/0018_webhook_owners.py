"""Whom an endpoint of webhooks concerns, and whether the staff know that its messages are late."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("webhook_endpoints", sa.Column("contact_email", sa.Text()))
    op.add_column("webhook_endpoints", sa.Column("overdue_alerted_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("webhook_endpoints", "overdue_alerted_at")
    op.drop_column("webhook_endpoints", "contact_email")
