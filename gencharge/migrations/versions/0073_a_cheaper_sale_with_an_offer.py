"""Functions of a sale with an offer that look less up, and pay its cashback in the same step.

Drops those of before: others take their place in the same transaction. Only functions call them.
"""

from __future__ import annotations

from alembic import op

revision = "0073"
down_revision = "0072"

_BEFORE = (
    "take_offer(uuid, uuid, text, jsonb, bigint, bigint, bigint, timestamptz)",
    "wallet_purchase(uuid, uuid, bigint, bigint, text, uuid, text, text, text, text, timestamptz)",
    "offer_reason(uuid, integer, uuid, text, timestamptz)",
    "offer_budget_of(uuid, text, timestamptz)",
)
_AFTER = (
    f"{_BEFORE[0][:-1]}, boolean)",
    f"{_BEFORE[1][:-1]}, bigint)",
    f"{_BEFORE[2][:-1]}, boolean)",
    "offer_budget_of(uuid, text)",
)


def upgrade() -> None:
    for function in _BEFORE:
        op.execute(f"DROP FUNCTION IF EXISTS {function}")


def downgrade() -> None:
    # The release before installs its own.
    for function in _AFTER:
        op.execute(f"DROP FUNCTION IF EXISTS {function}")
