"""Users: their status, preferences, saved numbers, erasure, and the indexes of their lists."""

from __future__ import annotations

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
