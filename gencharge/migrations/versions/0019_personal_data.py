"""Who may see whole numbers and addresses: until now everybody on the staff, from now on SuperAdmin and Manager."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    # A fresh database has no roles yet; `seed` brings them with this permission.
    op.execute("""
        INSERT INTO role_permissions (role_id, permission)
        SELECT role_id, 'PersonalData:' || action
        FROM roles CROSS JOIN unnest(ARRAY['read', 'write', 'edit', 'delete']) AS action
        WHERE name = 'SuperAdmin' OR (name = 'Manager' AND action = 'read')
        ON CONFLICT DO NOTHING
    """)


def downgrade() -> None:
    op.execute("DELETE FROM role_permissions WHERE permission LIKE 'PersonalData:%'")
