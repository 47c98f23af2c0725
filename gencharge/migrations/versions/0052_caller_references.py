"""The caller's own reference and metadata on recharges and payments.

Drops the functions of a sale that know no reference: the ones with it take their place in the same transaction.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"

# Processes of the last release go on: they name their arguments, and the new ones have a default.
_SALES = (
    "recharge_from_wallet(uuid, uuid, text, bytea, text, uuid, text, text, boolean, boolean, integer, uuid, uuid, jsonb,"
    " timestamptz, bigint, bigint[], uuid, boolean, jsonb)",
    "recharge_with_payment(uuid, uuid, text, bytea, text, uuid, text, text, boolean, boolean, integer, text, bigint, bigint,"
    " uuid, jsonb, timestamptz, bigint[], uuid, jsonb)",
)
_TABLES = {"recharges": ("id", ""), "payments": ("payment_id", " AND purpose = 'topup'")}


def upgrade() -> None:
    for function in _SALES:
        op.execute(f"DROP FUNCTION IF EXISTS {function}")
    for table, (key, condition) in _TABLES.items():
        op.add_column(table, sa.Column("caller_reference", sa.Text()))
        op.add_column(table, sa.Column("caller_metadata", sa.Text()))
        op.create_index(
            f"uq_{table}_caller_reference",
            table,
            ["user_id", "caller_reference"],
            unique=True,
            postgresql_where=sa.text(f"caller_reference IS NOT NULL{condition}"),
        )
        op.create_index(
            f"ix_{table}_caller_reference",
            table,
            ["caller_reference"],
            postgresql_where=sa.text("caller_reference IS NOT NULL"),
        )
        op.create_index(
            f"ix_{table}_caller_metadata",
            table,
            ["user_id", key],
            postgresql_where=sa.text("caller_metadata IS NOT NULL"),
        )


def downgrade() -> None:
    for table in _TABLES:
        for index in (
            f"ix_{table}_caller_metadata",
            f"ix_{table}_caller_reference",
            f"uq_{table}_caller_reference",
        ):
            op.drop_index(index, table)
        op.drop_column(table, "caller_metadata")
        op.drop_column(table, "caller_reference")
