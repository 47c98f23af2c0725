"""What waits to be sent knows the trace that it came from, so that the call belongs to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

_TABLES = ("webhook_deliveries", "fulfilments")
_LENGTH = 55


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("traceparent", sa.Text()))
        condition = f"char_length(traceparent) = {_LENGTH}"
        op.create_check_constraint(op.f(f"ck_{table}_traceparent"), table, condition)
    # It is installed again with one more parameter; only other functions call it.
    op.execute("DROP FUNCTION IF EXISTS queue_fulfilment(uuid, uuid, text, text, uuid, bigint, timestamptz)")


def downgrade() -> None:
    op.execute(
        "DROP FUNCTION IF EXISTS queue_fulfilment(uuid, uuid, text, text, uuid, bigint, timestamptz, text)"
    )
    for table in _TABLES:
        op.drop_constraint(op.f(f"ck_{table}_traceparent"), table)
        op.drop_column(table, "traceparent")
