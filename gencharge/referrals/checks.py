"""Invariants of referral rewards and their money."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.checks import Check
from gencharge.wallet.models import Code

CHECKS: Final = (
    Check(
        "every paid referral reward moved its money exactly once, and no other one did",
        f"""
        SELECT rewards.user_id, rewards.reward_id, state, coalesce(moved.came, 0) AS came, coalesce(moved.went, 0) AS went
        FROM referral_rewards AS rewards LEFT JOIN (
            SELECT user_id, reference_id, sum(amount) FILTER (WHERE credit = 'user:main') AS came,
                   sum(amount) FILTER (WHERE debit = 'user:main') AS went
            FROM transfers WHERE code = {Code.REFERRAL:d} GROUP BY user_id, reference_id
        ) AS moved ON moved.user_id = rewards.user_id AND moved.reference_id = rewards.reward_id
        WHERE coalesce(moved.came, 0) <> CASE WHEN paid_at IS NULL THEN 0 ELSE amount - netted END
           OR coalesce(moved.went, 0) <> taken_back
           OR taken_back > 0 AND state <> 'reversed'
        """,  # noqa: S608 - members of our own enumerations
    ),
    Check(
        "what customers owe for reversed referral rewards is what was paid and neither taken back nor netted",
        """
        SELECT accounts.user_id, owed, coalesce(rewards.paise, 0) AS derived
        FROM referral_accounts AS accounts LEFT JOIN (
            SELECT user_id, sum(CASE WHEN state = 'reversed' AND paid_at IS NOT NULL THEN amount - taken_back ELSE 0 END)
                            - sum(netted) AS paise
            FROM referral_rewards GROUP BY user_id
        ) AS rewards ON rewards.user_id = accounts.user_id
        WHERE owed <> coalesce(rewards.paise, 0)
        """,
    ),
)
