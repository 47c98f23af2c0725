"""Payments for a recharge know its number and operator, so that the ledger's row tells what was paid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_COLUMNS = ("phone_number", "service_type", "operator")


def upgrade() -> None:
    for column in _COLUMNS:
        op.add_column("payments", sa.Column(column, sa.Text()))


def downgrade() -> None:
    for column in _COLUMNS:
        op.drop_column("payments", column)
