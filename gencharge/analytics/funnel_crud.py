"""What is counted on the way from a quote to a delivery."""

from __future__ import annotations

from typing import Final

from gencharge.analytics.areas import Area, Fact
from gencharge.sessions.guards import Resource

_RECHARGES: Final = "FROM recharges AS r WHERE r.user_id IS NOT NULL"
# A gateway's part is paid once its money came in, whatever became of the recharge then.
_IS_PAID: Final = """(r.gateway_amount = 0 OR EXISTS (SELECT FROM payments AS p
    WHERE p.user_id = r.user_id AND p.payment_id = r.payment_id AND p.captured_at IS NOT NULL))"""
_KEYS: Final = {"payment_method": "r.payment_method", "source": "r.source"}


def _step(name: str, means: str, condition: str) -> Fact:
    return Fact(
        name,
        f"{means} All steps count on the day of the sale.",
        source=f"{_RECHARGES} AND {condition}",
        at="r.created_at",
        operator="r.operator",
        amount="r.wallet_amount + r.gateway_amount",
        keys=_KEYS,
    )


FUNNEL: Final = Area(
    name="funnel",
    title="the way from a quote to a delivery",
    resource=Resource.RECHARGE,
    main="delivered",
    is_scoped=True,
    steps=("quoted", "sold", "paid", "delivered"),
    facts=(
        Fact(
            "quoted",
            "Quotes that were given, by the operator of the plan. Each counts, so a customer who looks at five plans has five, and a recharge"
            " without a quote has none: more may be sold than quoted. Written down twice a minute; what a process that died had not"
            " written is missing.",
            source="FROM quote_counts AS q CROSS JOIN LATERAL generate_series(1, q.quotes) WHERE true",
            at="(q.day::timestamp AT TIME ZONE 'Asia/Kolkata')",
            operator="q.operator",
        ),
        _step(
            "sold",
            "Recharges that were agreed, whatever became of them. The amount is what they cost.",
            "true",
        ),
        _step(
            "paid",
            "Of these, those whose whole money came in, from the wallet or the gateway; delivered or not.",
            _IS_PAID,
        ),
        _step(
            "delivered",
            "Of these, those that the operator delivered, refunded ones included.",
            "r.status IN ('delivered', 'refunded')",
        ),
    ),
    cuts={
        "payment_method": "Delivered recharges by how they were paid.",
        "source": "Delivered recharges by where the customer was.",
    },
)
