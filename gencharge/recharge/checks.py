"""What must always hold between recharges, their money and their plans."""

from __future__ import annotations

from typing import Final

from gencharge.core.checks import Check
from gencharge.wallet.models import Code

CHECKS: Final = (
    Check(
        "every delivered recharge took its wallet part exactly once",
        f"""
        SELECT recharges.user_id, recharges.id, wallet_amount, coalesce(taken.paise, 0) AS taken, coalesce(taken.times, 0) AS times
        FROM recharges LEFT JOIN (
            SELECT user_id, reference_id, sum(amount) AS paise, count(*) AS times FROM transfers
            WHERE code IN ({Code.RECHARGE:d}, {Code.CAPTURE:d}) GROUP BY user_id, reference_id
        ) AS taken ON taken.user_id = recharges.user_id AND taken.reference_id = recharges.id
        WHERE status = 'delivered' AND wallet_amount > 0 AND (taken.times IS DISTINCT FROM 1 OR taken.paise <> wallet_amount)
        """,  # noqa: S608 - the values are members of our own enumeration
    ),
    Check(
        "no recharge money moved without its recharge",
        f"""
        SELECT transfers.user_id, transfers.id, reference_id FROM transfers
        LEFT JOIN recharges ON recharges.user_id = transfers.user_id AND recharges.id = reference_id
        WHERE code = {Code.RECHARGE:d} AND recharges.id IS NULL
        """,  # noqa: S608 - the value is a member of our own enumeration
    ),
    Check(
        "every delivered recharge has its plan, and every plan its recharge",
        """
        SELECT coalesce(recharges.user_id, active_plans.user_id) AS user_id, recharges.id, active_plans.recharge_id
        FROM (SELECT * FROM recharges WHERE status = 'delivered') AS recharges
        FULL JOIN active_plans ON active_plans.recharge_id = recharges.id AND active_plans.phone_number = recharges.phone_number
        WHERE recharges.id IS NULL AND active_plans.status <> 'cancelled' OR active_plans.recharge_id IS NULL
        """,
    ),
    Check(
        "no number has two active base plans",
        """
        SELECT phone_number, count(*) FROM active_plans WHERE status = 'active' AND NOT is_addon
        GROUP BY phone_number HAVING count(*) > 1
        """,
    ),
    Check(
        "no key made two recharges",
        "SELECT user_id, idempotency_key, count(*) FROM recharges GROUP BY user_id, idempotency_key HAVING count(*) > 1",
    ),
)
