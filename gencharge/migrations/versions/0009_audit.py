"""The audit trail's anchors and its sealer's lease."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "audit_anchors",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("anchored_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit_anchors"),
        sa.CheckConstraint("sequence > 0", name="ck_audit_anchors_positive"),
        sa.CheckConstraint("hash ~ '^[0-9a-f]{64}$'", name="ck_audit_anchors_sha256"),
    )
    op.create_table(
        "audit_sealers",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("holder", sa.Uuid(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("chain", name="pk_audit_sealers"),
    )
    # The application adds to history; it can't change or remove what is there.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON audit_anchors FROM gencharge_app")


def downgrade() -> None:
    raise RuntimeError("the first release has nothing before it: restore a backup instead")
