"""Wrong codes are counted by who gave them. What was counted by number alone becomes the strangers' count."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("sign_in_failures", sa.Column("source", sa.Text(), nullable=False, server_default=""))
    op.drop_constraint("pk_sign_in_failures", "sign_in_failures")
    op.create_primary_key("pk_sign_in_failures", "sign_in_failures", ["phone_number", "source"])


def downgrade() -> None:
    op.execute("DELETE FROM sign_in_failures WHERE source <> ''")
    op.drop_constraint("pk_sign_in_failures", "sign_in_failures")
    op.create_primary_key("pk_sign_in_failures", "sign_in_failures", ["phone_number"])
    op.drop_column("sign_in_failures", "source")
