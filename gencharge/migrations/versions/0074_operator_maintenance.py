"""Maintenance windows of operators."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
_INSTANTS = ("maintenance_from", "maintenance_until")
_TEXTS = ("maintenance_text", "maintenance_text_hi")


def upgrade() -> None:
    for name in _INSTANTS:
        op.add_column("operators", sa.Column(name, sa.DateTime(timezone=True)))
    for name in _TEXTS:
        op.add_column("operators", sa.Column(name, sa.Text()))
    op.create_check_constraint(
        op.f("ck_operators_maintenance"),
        "operators",
        "num_nulls(maintenance_from, maintenance_until, maintenance_text, maintenance_text_hi) IN (0, 4)"
        " AND maintenance_from < maintenance_until",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_operators_maintenance"), "operators")
    for name in (*_INSTANTS, *_TEXTS):
        op.drop_column("operators", name)
