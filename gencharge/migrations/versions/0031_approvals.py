"""Acts of the staff that take a second admin."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("approval_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text()),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.Text()),
        sa.Column("request_hash", sa.LargeBinary()),
        sa.Column("requested_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", _INSTANT),
        sa.Column("decision_note", sa.Text()),
        sa.PrimaryKeyConstraint("approval_id", name="pk_approvals"),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'rejected', 'cancelled', 'expired')",
            name=op.f("ck_approvals_status"),
        ),
        sa.CheckConstraint(
            "status <> 'approved' OR decided_by IS DISTINCT FROM requested_by AND decided_by IS NOT NULL",
            name=op.f("ck_approvals_four_eyes"),
        ),
        sa.CheckConstraint("(status = 'pending') = (decided_at IS NULL)", name=op.f("ck_approvals_decided")),
    )
    op.create_index(
        "uq_approvals_pending",
        "approvals",
        ["act", "target"],
        unique=True,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index("uq_approvals_key", "approvals", ["requested_by", "idempotency_key"], unique=True)
    op.create_index("ix_approvals_requested_at", "approvals", ["requested_at", "approval_id"])


def downgrade() -> None:
    op.drop_table("approvals")
