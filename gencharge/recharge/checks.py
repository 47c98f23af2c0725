"""Invariants of recharges, their money and their plans."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.checks import Check
from gencharge.wallet.models import Account, Code

CHECKS: Final = (
    Check(
        "every delivered recharge took its money exactly once, and no other one did",
        f"""
        SELECT recharges.user_id, recharges.id, wallet_amount, coalesce(taken.paise, 0) AS taken, coalesce(taken.times, 0) AS times
        FROM recharges LEFT JOIN (
            SELECT user_id, reference_id, sum(amount) AS paise, count(*) AS times FROM transfers
            WHERE code IN ({Code.RECHARGE:d}, {Code.CAPTURE:d}) GROUP BY user_id, reference_id
        ) AS taken ON taken.user_id = recharges.user_id AND taken.reference_id = recharges.id
        WHERE status IN ('delivered', 'refunded') AND wallet_amount + gateway_amount > 0
          AND (taken.times IS DISTINCT FROM 1 OR taken.paise <> wallet_amount + gateway_amount)
           OR status NOT IN ('delivered', 'refunded') AND taken.times > 0
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
        WITH delivered AS MATERIALIZED (
            SELECT user_id, id, phone_number, status FROM recharges
            WHERE status IN ('delivered', 'refunded') AND bill_id IS NULL
        ), bought AS MATERIALIZED (
            SELECT user_id, recharge_id, phone_number, status FROM active_plans
            WHERE status NOT IN ('pending', 'cancelled')
        )
        SELECT coalesce(delivered.user_id, bought.user_id) AS user_id, delivered.id, bought.recharge_id
        FROM delivered FULL JOIN bought
            ON bought.recharge_id = delivered.id AND bought.phone_number = delivered.phone_number
        WHERE delivered.id IS NULL OR delivered.status = 'delivered' AND bought.recharge_id IS NULL
            -- A plan that was over before its recharge was refunded stays expired or replaced.
            OR delivered.status = 'refunded' AND bought.status IN ('active', 'queued')
        """,
    ),
    Check(
        "what is held for each recharge is what is paid of it while it is pending, and nothing once it has ended",
        f"""
        SELECT recharges.user_id, recharges.id, status, coalesce(held.paise, 0) AS held FROM recharges
        LEFT JOIN (
            SELECT user_id, reference_id, sum(CASE WHEN credit = 'user:held' THEN amount ELSE -amount END) AS paise
            FROM transfers WHERE 'user:held' IN (credit, debit) GROUP BY user_id, reference_id
        ) AS held ON held.user_id = recharges.user_id AND held.reference_id = recharges.id
        LEFT JOIN (
            SELECT user_id, reference_id, sum(amount) AS paise FROM transfers WHERE code = {Code.PAYMENT:d}
            GROUP BY user_id, reference_id
        ) AS paid ON paid.user_id = recharges.user_id AND paid.reference_id = recharges.id
        WHERE coalesce(held.paise, 0) <> CASE
            WHEN status IN ('processing', 'unknown') THEN wallet_amount + gateway_amount
            -- The payment may be captured while its event is still on the way to the recharge.
            WHEN status = 'payment_pending' THEN wallet_amount + coalesce(paid.paise, 0)
            WHEN status = 'failed' AND coalesce(held.paise, 0) = gateway_amount AND paid.paise = gateway_amount
                THEN coalesce(held.paise, 0)
            ELSE 0 END
        """,  # noqa: S608 - the value is a member of our own enumeration
    ),
    Check(
        "every recharge with an offer has its use, which counts and has paid as long as the recharge says so",
        """
        SELECT coalesce(sold.user_id, uses.user_id) AS user_id, sold.id, uses.recharge_id, sold.status, uses.status AS use
        FROM (SELECT * FROM recharges WHERE offer_id IS NOT NULL) AS sold
        FULL JOIN offer_uses AS uses ON uses.user_id = sold.user_id AND uses.recharge_id = sold.id
        WHERE sold.id IS NULL OR uses.recharge_id IS NULL OR sold.offer_id <> uses.offer_id
           OR sold.discount <> uses.discount OR sold.cashback <> uses.cashback
           OR (uses.status = 'taken') <> (sold.status NOT IN ('failed', 'refunded'))
           OR uses.paid + uses.withheld <> CASE WHEN sold.status IN ('delivered', 'refunded') THEN uses.cashback ELSE 0 END
        """,
    ),
    Check(
        "every operator got the discount of each delivered recharge once, less what went back with refunds",
        f"""
        SELECT coalesce(sold.user_id, moved.user_id) AS user_id, coalesce(sold.id, moved.reference_id) AS id,
               sold.discount, moved.paise
        FROM (
            SELECT recharges.user_id, id, recharges.discount, recharges.discount - discount_back AS left_over
            FROM recharges JOIN offer_uses AS uses ON uses.user_id = recharges.user_id AND uses.recharge_id = recharges.id
            WHERE recharges.status IN ('delivered', 'refunded')
        ) AS sold FULL JOIN (
            SELECT user_id, reference_id, sum(CASE WHEN debit = '{Account.DISCOUNT}' THEN amount ELSE -amount END) AS paise
            FROM transfers WHERE code = {Code.DISCOUNT:d} GROUP BY user_id, reference_id
        ) AS moved ON moved.user_id = sold.user_id AND moved.reference_id = sold.id
        WHERE coalesce(sold.left_over, 0) <> coalesce(moved.paise, 0)
        """,  # noqa: S608 - members of our own enumerations
    ),
    Check(
        "every recharge is for a plan or for a bill, and the payment of a bill stands as its recharge does",
        """
        WITH sold AS MATERIALIZED (
            SELECT user_id, id, phone_number, plan_id, bill_id, price, status FROM recharges
            WHERE bill_id IS NOT NULL OR plan_id IS NULL
        ), paid AS MATERIALIZED (
            SELECT user_id, recharge_id, phone_number, amount, status FROM bill_payments
        )
        SELECT coalesce(sold.user_id, paid.user_id) AS user_id, sold.id, paid.recharge_id, sold.status, paid.status AS payment
        FROM sold FULL JOIN paid ON paid.recharge_id = sold.id AND paid.phone_number = sold.phone_number
        WHERE sold.id IS NULL OR paid.recharge_id IS NULL OR sold.bill_id IS NULL OR sold.plan_id IS NOT NULL
           OR sold.user_id <> paid.user_id OR sold.price <> paid.amount
           OR paid.status <> CASE WHEN sold.status IN ('delivered', 'refunded') THEN 'paid'
                                  WHEN sold.status = 'failed' THEN 'failed'
                                  WHEN sold.status = 'payment_pending' THEN 'unpaid' ELSE 'pending' END
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
