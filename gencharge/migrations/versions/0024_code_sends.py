"""How many codes were sent, to a number, for an address, by prefix and in all: what a flushed Redis forgets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "code_sends",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("name", name="pk_code_sends"),
    )
    op.create_index("ix_code_sends_began_at", "code_sends", ["began_at"])


def downgrade() -> None:
    op.drop_table("code_sends")
