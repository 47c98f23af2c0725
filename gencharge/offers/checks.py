"""Invariants of the uses of offers: their counters, their limits and their cashback."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.checks import Check
from gencharge.wallet.models import Account, Code

CHECKS: Final = (
    Check(
        "the counters of every offer and of every campaign's budget are its uses and their cost",
        """
        WITH counted AS MATERIALIZED (
            SELECT offer_id, slot, uses, spent FROM offer_slots
        ), derived AS MATERIALIZED (
            SELECT offer_id, slot, count(*) FILTER (WHERE status = 'taken') AS uses, sum(cost) AS spent
            FROM offer_uses GROUP BY offer_id, slot
            UNION ALL
            SELECT budget_id, budget_slot, count(*) FILTER (WHERE status = 'taken'), sum(cost)
            FROM offer_uses WHERE budget_id IS NOT NULL GROUP BY budget_id, budget_slot
        )
        SELECT coalesce(counted.offer_id, derived.offer_id) AS offer_id, coalesce(counted.slot, derived.slot) AS slot,
               counted.uses, derived.uses AS derived_uses, counted.spent, derived.spent AS derived_spent
        FROM counted FULL JOIN derived ON derived.offer_id = counted.offer_id AND derived.slot = counted.slot
        WHERE coalesce(counted.uses, 0) <> coalesce(derived.uses, 0)
           OR coalesce(counted.spent, 0) <> coalesce(derived.spent, 0)
        """,
    ),
    Check(
        # A limit may be lowered below what is used already, so the highest one counts.
        "no offer was used more often, and no offer or campaign cost more, than a limit of it allowed",
        """
        WITH used AS MATERIALIZED (
            SELECT offer_id, sum(uses) AS uses, sum(spent) AS spent FROM offer_slots GROUP BY offer_id
        ), allowed AS MATERIALIZED (
            SELECT offer_id,
                   CASE WHEN count(*) = count(snapshot ->> 'total_uses') THEN max((snapshot ->> 'total_uses')::bigint) END
                       AS uses,
                   CASE WHEN count(*) = count(snapshot ->> 'budget_paise') THEN max((snapshot ->> 'budget_paise')::bigint) END
                       AS spent
            FROM offer_versions GROUP BY offer_id
            UNION ALL
            SELECT budget_id, NULL, budget_paise FROM offer_budgets
        )
        SELECT used.offer_id, used.uses, allowed.uses AS allowed_uses, used.spent, allowed.spent AS allowed_spent
        FROM used JOIN allowed ON allowed.offer_id = used.offer_id
        WHERE used.uses > allowed.uses OR used.spent > allowed.spent
        """,
    ),
    Check(
        "the cashback of every use was paid and taken back as the use says",
        f"""
        SELECT uses.user_id, uses.recharge_id, uses.paid, moved.paid AS moved, uses.taken_back, moved.taken_back AS moved_back
        FROM offer_uses AS uses LEFT JOIN (
            SELECT user_id, reference_id, coalesce(sum(amount) FILTER (WHERE debit = '{Account.CASHBACK}'), 0) AS paid,
                   coalesce(sum(amount) FILTER (WHERE credit = '{Account.CASHBACK}'), 0) AS taken_back
            FROM transfers WHERE code = {Code.CASHBACK:d} GROUP BY user_id, reference_id
        ) AS moved ON moved.user_id = uses.user_id AND moved.reference_id = uses.recharge_id
        WHERE uses.paid <> coalesce(moved.paid, 0) OR uses.taken_back <> coalesce(moved.taken_back, 0)
        """,  # noqa: S608 - members of our own enumerations
    ),
    Check(
        "what every customer owes from cashbacks is what could not be taken back and was not withheld since",
        """
        SELECT coalesce(debts.user_id, sums.user_id) AS user_id, debts.owed, sums.owed AS derived
        FROM cashback_debts AS debts FULL JOIN (
            SELECT user_id, sum(due_back - taken_back - withheld) AS owed FROM offer_uses GROUP BY user_id
        ) AS sums ON sums.user_id = debts.user_id
        WHERE coalesce(debts.owed, 0) <> coalesce(sums.owed, 0)
        """,
    ),
)
