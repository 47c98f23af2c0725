"""Invariants of payments, refunds and the ledger."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.checks import Check
from gencharge.wallet.models import Code

CHECKS: Final = (
    Check(
        "every captured payment brought its amount exactly once, and no other payment brought any",
        f"""
        SELECT payments.user_id, payment_id, status, amount, coalesce(brought.paise, 0) AS brought,
               coalesce(brought.times, 0) AS times
        FROM payments LEFT JOIN (
            SELECT user_id, key, sum(amount) AS paise, count(*) AS times FROM transfers
            WHERE debit LIKE 'gateway:%' AND code IN ({Code.TOPUP:d}, {Code.PAYMENT:d}) GROUP BY user_id, key
        ) AS brought ON brought.user_id = payments.user_id AND brought.key = payments.payment_id::text
        WHERE status IN ('captured', 'partially_refunded', 'refunded')
              AND (times IS DISTINCT FROM 1 OR brought.paise <> amount)
           OR status NOT IN ('captured', 'partially_refunded', 'refunded') AND times > 0
        """,  # noqa: S608 - the values are members of our own enumeration
    ),
    Check(
        "no money came from a gateway without its payment, or the second payment of an order that goes back",
        f"""
        SELECT transfers.user_id, transfers.id, transfers.amount, transfers.key FROM transfers
        LEFT JOIN payments ON payments.user_id = transfers.user_id AND payments.payment_id::text = transfers.key
            AND transfers.debit = 'gateway:' || payments.gateway
        LEFT JOIN refunds ON refunds.user_id = transfers.user_id AND refunds.gateway_payment_id = transfers.key
            AND refunds.from_account = 'suspense' AND refunds.amount = transfers.amount
        WHERE transfers.debit LIKE 'gateway:%' AND payments.payment_id IS NULL AND refunds.refund_id IS NULL
          AND transfers.code <> {Code.WRITE_OFF:d}
        """,  # noqa: S608 - the value is a member of our own enumeration
    ),
    Check(
        "every refund that was paid out left the books exactly once, and nothing else went to a gateway",
        f"""
        SELECT coalesce(refunds.user_id, transfers.user_id) AS user_id, refund_id, refunds.status,
               refunds.amount, transfers.amount AS moved
        FROM (SELECT * FROM refunds WHERE status = 'processed') AS refunds
        FULL JOIN (
            SELECT * FROM transfers
            WHERE code = {Code.SOURCE_REFUND:d} OR credit LIKE 'gateway:%' AND code <> {Code.WRITE_OFF:d}
        ) AS transfers ON transfers.user_id = refunds.user_id AND transfers.key = refunds.refund_id::text
        WHERE refunds.refund_id IS NULL OR transfers.id IS NULL OR transfers.amount <> refunds.amount
           OR transfers.debit <> refunds.from_account OR transfers.code <> {Code.SOURCE_REFUND:d}
        """,  # noqa: S608 - the values are members of our own enumeration
    ),
    Check(
        "what is held for each refund is its amount while it is under way, and nothing once it has ended",
        """
        SELECT refunds.user_id, refund_id, status, refunds.amount, coalesce(held.paise, 0) AS held FROM refunds
        LEFT JOIN (
            SELECT user_id, key, sum(CASE WHEN credit = 'user:held' THEN amount ELSE -amount END) AS paise
            FROM transfers WHERE 'user:held' IN (credit, debit) GROUP BY user_id, key
        ) AS held ON held.user_id = refunds.user_id AND held.key = refund_id::text
        WHERE coalesce(held.paise, 0) <> CASE
            WHEN from_account = 'user:held' AND status IN ('created', 'processing') THEN refunds.amount ELSE 0 END
        """,
    ),
    Check(
        "what went back of each payment is the sum of its refunds, and never more than was paid",
        """
        SELECT payments.user_id, payments.payment_id, payments.status, payments.amount, refunded_amount,
               coalesce(sums.processed, 0) AS processed, coalesce(sums.begun, 0) AS begun
        FROM payments LEFT JOIN (
            SELECT user_id, payment_id, gateway_payment_id,
                   sum(amount) FILTER (WHERE status = 'processed') AS processed,
                   sum(amount) FILTER (WHERE status <> 'failed') AS begun
            FROM refunds GROUP BY user_id, payment_id, gateway_payment_id
        ) AS sums ON sums.user_id = payments.user_id AND sums.payment_id = payments.payment_id
            AND sums.gateway_payment_id = payments.gateway_payment_id
        WHERE refunded_amount <> coalesce(sums.processed, 0) OR coalesce(sums.begun, 0) > payments.amount
           OR payments.status = 'refunded' AND refunded_amount <> payments.amount
           OR payments.status = 'partially_refunded' AND refunded_amount NOT BETWEEN 1 AND payments.amount - 1
        """,
    ),
    Check(
        "every payment that is open is asked about",
        """
        SELECT user_id, payment_id, status FROM payments
        WHERE next_check_at IS NULL AND status IN ('created', 'authorized')
        """,
    ),
    Check(
        "no order of a gateway is without its payment",
        """
        WITH ordered AS MATERIALIZED (
            SELECT user_id, payment_id, order_id FROM payment_orders
        ), known AS MATERIALIZED (
            SELECT user_id, payment_id, order_id FROM payments WHERE order_id IS NOT NULL
        )
        SELECT ordered.user_id, ordered.order_id FROM ordered
        LEFT JOIN known ON known.user_id = ordered.user_id
            AND known.payment_id = ordered.payment_id AND known.order_id = ordered.order_id
        WHERE known.payment_id IS NULL
        """,
    ),
)
