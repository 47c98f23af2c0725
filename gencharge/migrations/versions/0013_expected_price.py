"""Drop the functions of a sale that know no expected price: the ones with it take their place in the same transaction."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"

# Processes of the last release go on: they name their arguments, and the new one has a default.
_FROM_WALLET = (
    "recharge_from_wallet(uuid, uuid, text, bytea, text, uuid, text, text, boolean, boolean, integer, uuid, uuid, jsonb,"
    " timestamptz)"
)
_BEGIN = "begin_recharge(uuid, uuid, text, bytea, text, uuid, text, text, boolean, boolean, integer, jsonb, timestamptz)"


def upgrade() -> None:
    op.execute(f"DROP FUNCTION IF EXISTS {_FROM_WALLET}")
    op.execute(f"DROP FUNCTION IF EXISTS {_BEGIN}")


def downgrade() -> None:
    raise RuntimeError("the last release can't call what comes after it: restore a backup instead")
