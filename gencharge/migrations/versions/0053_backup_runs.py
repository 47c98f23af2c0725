"""Work on backups, and links to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    op.create_table(
        "backup_runs",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("backup_id", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Uuid()),
        sa.Column("slot", sa.Text()),
        sa.Column("options", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("stage", sa.Text(), server_default="", nullable=False),
        sa.Column("done_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total_bytes", sa.BigInteger()),
        sa.Column("result", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("failure", sa.Text()),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("run_id", name="pk_backup_runs"),
        sa.CheckConstraint("kind IN ('create', 'verify', 'restore')", name="ck_backup_runs_kind"),
        sa.CheckConstraint(
            "status IN ('waiting', 'running', 'succeeded', 'failed', 'cancelled')",
            name="ck_backup_runs_status",
        ),
    )
    op.create_index("uq_backup_runs_slot", "backup_runs", ["slot"], unique=True)
    op.create_index(
        "uq_backup_runs_open",
        "backup_runs",
        ["backup_id", "kind"],
        unique=True,
        postgresql_where=sa.text("status IN ('waiting', 'running')"),
    )
    op.create_index("ix_backup_runs_created_at", "backup_runs", ["created_at", "run_id"])
    op.create_index("ix_backup_runs_backup_id", "backup_runs", ["backup_id", "created_at"])
    op.create_table(
        "backup_links",
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("backup_id", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("link_id", name="pk_backup_links"),
    )
    op.create_index("ix_backup_links_expires_at", "backup_links", ["expires_at"])


def downgrade() -> None:
    op.drop_table("backup_links")
    op.drop_table("backup_runs")
