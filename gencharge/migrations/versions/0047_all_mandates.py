"""An index for the staff's list of all mandates."""

from __future__ import annotations

from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    op.create_index("ix_mandates_all", "mandates", ["created_at", "mandate_id"])


def downgrade() -> None:
    op.drop_index("ix_mandates_all", "mandates")
