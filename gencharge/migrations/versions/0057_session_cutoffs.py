"""The instant before which no access token counts, and restores in place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"

_KINDS = "kind IN ('create', 'verify', 'restore')"
# As 0053 named it.
_KIND = "ck_backup_runs_ck_backup_runs_kind"
_MORE_KINDS = "kind IN ('create', 'verify', 'restore', 'restore_in_place')"


def upgrade() -> None:
    op.create_table(
        "session_cutoffs",
        sa.Column("cutoff_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("issued_from", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("cutoff_id", name="pk_session_cutoffs"),
        sa.CheckConstraint("cutoff_id = 1", name=op.f("ck_session_cutoffs_one")),
    )
    op.drop_constraint(op.f(_KIND), "backup_runs")
    op.create_check_constraint(op.f("ck_backup_runs_kind"), "backup_runs", _MORE_KINDS)


def downgrade() -> None:
    op.drop_constraint(op.f("ck_backup_runs_kind"), "backup_runs")
    op.execute("DELETE FROM backup_runs WHERE kind = 'restore_in_place'")
    op.create_check_constraint(op.f(_KIND), "backup_runs", _KINDS)
    op.drop_table("session_cutoffs")
