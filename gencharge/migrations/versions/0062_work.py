"""The staff's work queue: what events reported, and who works on what; complaints about recharges."""

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
    op.create_table(
        "complaints",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("recharge_id", sa.Uuid(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assignee_id", sa.Uuid()),
        sa.Column("resolved_by", sa.Uuid()),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.Column("resolution_note", sa.Text()),
        sa.Column("adjustment_id", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "complaint_id", name="pk_complaints"),
        sa.CheckConstraint("status IN ('open', 'upheld', 'rejected')", name="ck_complaints_status"),
        sa.CheckConstraint(
            "(status = 'open') = (resolved_at IS NULL) AND num_nulls(resolved_by, resolved_at, resolution_note) IN (0, 3)",
            name="ck_complaints_resolved",
        ),
        sa.CheckConstraint("adjustment_id IS NULL OR status = 'upheld'", name="ck_complaints_compensation"),
    )
    op.create_index(
        "uq_complaints_open",
        "complaints",
        ["user_id", "recharge_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index("ix_complaints_all", "complaints", ["status", "due_at", "complaint_id"])


def downgrade() -> None:
    op.drop_table("complaints")
    op.drop_table("work_assignments")
    op.drop_table("work_reports")
