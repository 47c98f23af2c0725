"""Plans, groups and operators under administration."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_FOREIGN_KEY = "fk_plan_versions_plan_id_plans"


def upgrade() -> None:
    # Raised by every change, also by one that makes no version: by it an editor knows that nobody was faster.
    op.add_column("plans", sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
    # The admin who made the version; nobody where the sample data or the command line did.
    op.add_column("plan_versions", sa.Column("changed_by", sa.Uuid(), nullable=True))
    # History outlives its plan: a draft may be deleted, what was once written down about it stays.
    op.drop_constraint(_FOREIGN_KEY, "plan_versions", type_="foreignkey")


def downgrade() -> None:
    op.create_foreign_key(_FOREIGN_KEY, "plan_versions", "plans", ["plan_id"], ["plan_id"])
    op.drop_column("plan_versions", "changed_by")
    op.drop_column("plans", "revision")
