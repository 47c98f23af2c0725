"""Which refresh token of a session was used last, and which one each was given for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("last_used_hash", sa.LargeBinary()))
    op.add_column("refresh_tokens", sa.Column("predecessor_hash", sa.LargeBinary()))


def downgrade() -> None:
    op.drop_column("refresh_tokens", "predecessor_hash")
    op.drop_column("sessions", "last_used_hash")
