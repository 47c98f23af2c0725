"""Which secrets a channel signs with, and until when those before are accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_TABLE = "operator_channels"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("secret_version", sa.Integer(), server_default="1", nullable=False))
    op.add_column(_TABLE, sa.Column("previous_secret_until", sa.DateTime(timezone=True)))
    op.create_check_constraint(op.f("ck_operator_channels_secret_version"), _TABLE, "secret_version > 0")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_operator_channels_secret_version"), _TABLE)
    op.drop_column(_TABLE, "previous_secret_until")
    op.drop_column(_TABLE, "secret_version")
