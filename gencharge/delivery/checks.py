"""Invariants of recharges and the dispatcher's queue."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.checks import Check

CHECKS: Final = (
    Check(
        "every pending recharge has its row in the dispatcher's queue, and no other recharge does",
        """
        SELECT coalesce(recharges.user_id, fulfilments.user_id) AS user_id, recharges.id, recharges.status, state
        FROM (SELECT * FROM recharges WHERE status IN ('processing', 'unknown')) AS recharges
        FULL JOIN (SELECT * FROM fulfilments WHERE next_attempt_at IS NOT NULL) AS fulfilments
            ON fulfilments.user_id = recharges.user_id AND fulfilments.recharge_id = recharges.id
        WHERE recharges.id IS NULL OR fulfilments.recharge_id IS NULL
        """,
    ),
)
