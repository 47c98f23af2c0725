"""The second factor of admins, how their sessions remember it, and roles that can go when nobody has them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("second_factor_at", sa.DateTime(timezone=True)))
    # An archived admin may outlive the role: the audit trail knows which one it was.
    op.alter_column("admins", "role_id", nullable=True)
    op.create_check_constraint(op.f("ck_admins_role"), "admins", "role_id IS NOT NULL OR status = 'archived'")
    op.create_index("ix_admins_role_id", "admins", ["role_id"])
    op.create_table(
        "admin_second_factors",
        sa.Column("admin_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary()),
        sa.Column("pending_secret", sa.LargeBinary()),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("admin_id", name="pk_admin_second_factors"),
        sa.CheckConstraint(
            "(secret IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_admin_second_factors_confirmed")
        ),
    )
    op.create_table(
        "admin_recovery_codes",
        sa.Column("admin_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("admin_id", "code_hash", name="pk_admin_recovery_codes"),
    )


def downgrade() -> None:
    op.drop_table("admin_recovery_codes")
    op.drop_table("admin_second_factors")
    op.drop_index("ix_admins_role_id", "admins")
    op.drop_constraint(op.f("ck_admins_role"), "admins")
    op.execute(
        "UPDATE admins SET role_id = (SELECT role_id FROM roles WHERE name = 'Viewer') WHERE role_id IS NULL"
    )
    op.alter_column("admins", "role_id", nullable=False)
    op.drop_column("sessions", "second_factor_at")
