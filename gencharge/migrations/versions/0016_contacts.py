"""From when an e-mail address counts, and addresses and numbers that are to be proved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("users", sa.Column("email_usable_from", _INSTANT))
    # Addresses from before this release were unique and got codes already; without them, nobody could sign in by e-mail.
    op.execute("UPDATE users SET email_usable_from = now() WHERE email IS NOT NULL AND status <> 'archived'")
    op.add_column(
        "admins", sa.Column("email_usable_from", _INSTANT, server_default=sa.func.now(), nullable=False)
    )
    op.create_table(
        "contact_changes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("new_value", sa.Text(), nullable=False),
        sa.Column("new_proved", sa.Boolean(), nullable=False),
        sa.Column("old_proved", sa.Boolean(), nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("sends_since", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "kind", name="pk_contact_changes"),
        sa.CheckConstraint("kind IN ('email', 'phone_number')", name=op.f("ck_contact_changes_kind")),
    )


def downgrade() -> None:
    op.drop_table("contact_changes")
    op.drop_column("admins", "email_usable_from")
    op.drop_column("users", "email_usable_from")
