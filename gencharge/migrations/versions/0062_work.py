"""The staff's work queue: what events reported, and who works on what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    op.create_table(
        "work_reports",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("kind", "item_id", name="pk_work_reports"),
    )
    op.create_index(
        "ix_work_reports_open", "work_reports", ["reported_at"], postgresql_where=sa.text("closed_at IS NULL")
    )
    op.create_table(
        "work_assignments",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("kind", "item_id", name="pk_work_assignments"),
    )


def downgrade() -> None:
    op.drop_table("work_assignments")
    op.drop_table("work_reports")
