"""What a customer said about their own number counts for them alone: shared, it told who is a customer."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0028"


def upgrade() -> None:
    # No registry was ever asked, so that every shared row is an owner's statement, or a former owner's.
    op.execute(
        """
        INSERT INTO connections (phone_number, user_id, operator, circle, service_type, updated_at)
        SELECT c.phone_number, d.owner_id, c.operator, c.circle, c.service_type, c.updated_at
        FROM connections AS c JOIN phone_directory AS d USING (phone_number)
        WHERE c.user_id = '00000000-0000-0000-0000-000000000000' AND d.kind = 'user'
        ON CONFLICT DO NOTHING
        """
    )
    op.execute("DELETE FROM connections WHERE user_id = '00000000-0000-0000-0000-000000000000'")


def downgrade() -> None:
    """Nothing to take back: the table is the same, and each owner's statement still counts for its owner."""
