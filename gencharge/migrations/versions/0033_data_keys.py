"""The keys that personal data are encrypted with. Rows that are in clear stay so until `gencharge secrets rotate`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_table(
        "data_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("master", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("key_id", name="pk_data_keys"),
        sa.CheckConstraint("number > 0", name=op.f("ck_data_keys_number")),
    )
    op.create_index("uq_data_keys_number", "data_keys", ["number"], unique=True)


def downgrade() -> None:
    op.drop_table("data_keys")
