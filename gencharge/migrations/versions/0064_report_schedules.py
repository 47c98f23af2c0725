"""Reports that are made on a schedule."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    op.create_table(
        "report_schedules",
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("file_format", sa.Text(), nullable=False),
        sa.Column("query", postgresql.JSONB(), nullable=False),
        sa.Column("every", sa.Text(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("month_day", sa.SmallInteger(), nullable=False),
        sa.Column("recipients", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("schedule_id", name="pk_report_schedules"),
        sa.CheckConstraint("every IN ('day', 'week', 'month')", name=op.f("ck_report_schedules_every")),
        sa.CheckConstraint(
            "hour BETWEEN 0 AND 23 AND weekday BETWEEN 1 AND 7 AND month_day BETWEEN 1 AND 28",
            name=op.f("ck_report_schedules_slot"),
        ),
    )
    op.create_index("ix_report_schedules_next_at", "report_schedules", ["next_at"])
    op.create_index(
        "ix_report_schedules_created_by", "report_schedules", ["created_by", "created_at", "schedule_id"]
    )
    op.add_column("report_files", sa.Column("schedule_id", sa.Uuid()))


def downgrade() -> None:
    op.drop_column("report_files", "schedule_id")
    op.drop_table("report_schedules")
