"""Customers' requests for a higher KYC tier."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    op.create_table(
        "kyc_requests",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kyc_request_id", sa.Uuid(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decision_note", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "kyc_request_id", name="pk_kyc_requests"),
        sa.CheckConstraint("tier IN ('full')", name="ck_kyc_requests_tier"),
        sa.CheckConstraint("status IN ('pending', 'approved', 'rejected')", name="ck_kyc_requests_status"),
        sa.CheckConstraint(
            "(status = 'pending') = (decided_at IS NULL) AND num_nulls(decided_by, decided_at, decision_note) IN (0, 3)",
            name="ck_kyc_requests_decided",
        ),
    )
    op.create_index(
        "uq_kyc_requests_pending",
        "kyc_requests",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index("ix_kyc_requests_all", "kyc_requests", ["status", "created_at", "kyc_request_id"])


def downgrade() -> None:
    op.drop_table("kyc_requests")
