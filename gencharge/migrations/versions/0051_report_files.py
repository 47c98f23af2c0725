"""Reports that a worker makes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    op.create_table(
        "report_files",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("file_format", sa.Text(), nullable=False),
        sa.Column("query", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("rows", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total_rows", sa.BigInteger()),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("failure", sa.Text()),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("file_id", name="pk_report_files"),
        sa.CheckConstraint(
            "status IN ('waiting', 'running', 'ready', 'failed', 'cancelled')", name="ck_report_files_status"
        ),
    )
    op.create_index("ix_report_files_requested_by", "report_files", ["requested_by", "created_at", "file_id"])
    op.create_index(
        "ix_report_files_open",
        "report_files",
        ["created_at"],
        postgresql_where=sa.text("status IN ('waiting', 'running')"),
    )
    op.create_index("ix_report_files_expires_at", "report_files", ["expires_at"])


def downgrade() -> None:
    op.drop_table("report_files")
