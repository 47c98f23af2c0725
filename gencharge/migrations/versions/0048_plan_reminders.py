"""Up to which end of a plan reminders were announced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    op.create_table(
        "plan_reminder_marks",
        sa.Column("days", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("reminded_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("days", name=op.f("pk_plan_reminder_marks")),
    )


def downgrade() -> None:
    op.drop_table("plan_reminder_marks")
