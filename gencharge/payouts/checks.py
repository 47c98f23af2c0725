"""Invariants of the payouts."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.checks import Check

CHECKS: Final = (
    Check(
        "every balance that was taken out of a closed account's wallet is one payout of that amount, and no other is",
        """
        SELECT user_id, t.id, t.amount AS booked, p.amount AS payout
        FROM (SELECT user_id, id, amount FROM transfers WHERE code = ledger_code('payout')) AS t
        FULL JOIN (SELECT user_id, payout_id AS id, amount FROM payouts) AS p USING (user_id, id)
        WHERE t.amount IS DISTINCT FROM p.amount
        """,
    ),
)
