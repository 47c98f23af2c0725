"""Operator and circle that the caller of a recharge states.

Drops the functions of a sale that know no statement: the ones with it take their place in the same transaction.
"""

from __future__ import annotations

from alembic import op

revision = "0058"
down_revision = "0057"

# Processes of the last release go on: they name their arguments, and the new ones have a default.
_FUNCTIONS = (
    "recharge_from_wallet(uuid, uuid, text, bytea, text, uuid, text, text, boolean, boolean, integer, uuid, uuid, jsonb,"
    " timestamptz, bigint, bigint[], uuid, boolean, jsonb, text, text)",
    "recharge_with_payment(uuid, uuid, text, bytea, text, uuid, text, text, boolean, boolean, integer, text, bigint, bigint,"
    " uuid, jsonb, timestamptz, bigint[], uuid, jsonb, text, text)",
    "begin_recharge(uuid, uuid, text, bytea, text, uuid, text, text, boolean, boolean, integer, jsonb, timestamptz, bigint,"
    " bigint[], uuid)",
    "quote_recharge(uuid, text, uuid, text, boolean, timestamptz)",
    "recharge_terms(uuid, text, uuid, text, boolean, boolean, integer, timestamptz)",
)


def upgrade() -> None:
    for function in _FUNCTIONS:
        op.execute(f"DROP FUNCTION IF EXISTS {function}")


def downgrade() -> None:
    # The release before installs its own, which have other arguments.
    for function in _FUNCTIONS:
        op.execute(f"DROP FUNCTION IF EXISTS {function[:-1]}, jsonb)")
