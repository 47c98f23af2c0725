"""What is counted of plans and offers: how they sell, from the figures of recharges, and what there is, from the catalogue."""

from __future__ import annotations

from typing import Final

from gencharge.analytics.areas import Area, Fact, State
from gencharge.analytics.models import Cut
from gencharge.sessions.guards import Resource

PLANS: Final = Area(
    name="plans",
    title="plans",
    resource=Resource.PLANS,
    tables=("plans",),
    main="delivered",
    is_scoped=True,
    is_kept=False,
    base=Cut.ALL,
    recharge_cuts={Cut.CATEGORY: "category", Cut.PLAN_TYPE: "plan_type", Cut.PLAN: "plans"},
    facts=(
        Fact(
            "delivered",
            "Recharges that the operator delivered. The amount is what customers paid for them.",
            count="delivered",
            amount="delivered_price - delivered_discount",
        ),
        Fact(
            "refunded",
            "Refunds of delivered recharges, in part or in full, and what went back to customers.",
            count="refunds",
            amount="refunded",
        ),
        Fact(
            "created",
            "Plans that were written and are still there.",
            source="FROM plans WHERE true",
            at="created_at",
            operator="operator",
        ),
    ),
    cuts={
        "category": "Delivered recharges by what the plan mainly gives.",
        "plan_type": "Delivered recharges by how the connection is billed.",
    },
    tops={"plans": "The ten plans with most delivered recharges."},
    state=State(
        "Plans that there are.",
        source="FROM plans WHERE true",
        operator="operator",
        keys={
            "status": "status",
            "available_category": "category",
            "available_plan_type": "plan_type",
            "kind": "CASE WHEN is_addon THEN 'addon' ELSE 'base' END",
        },
    ),
    state_cuts={
        "status": "Plans by whether they are on sale.",
        "available_category": "Plans by what they mainly give.",
        "available_plan_type": "Plans by how the connection is billed.",
        "kind": "`addon`: runs beside a base plan.",
    },
)
OFFERS: Final = Area(
    name="offers",
    title="offers",
    resource=Resource.OFFERS,
    tables=("offers", "offer_types"),
    main="used",
    is_scoped=True,
    is_kept=False,
    base=Cut.OFFER,
    recharge_cuts={Cut.OFFER: "offers"},
    facts=(
        Fact(
            "used",
            "Delivered recharges with an offer. The amount is what the offer gave: discount, and cashback that reached wallets.",
            count="delivered",
            amount="delivered_discount + cashback",
        ),
        Fact(
            "taken_back",
            "Refunds of such recharges, and what came back of discount and cashback.",
            count="refunds",
            amount="refunded_discount + refunded_cashback",
        ),
        Fact("failed", "Recharges with an offer that were not paid or not delivered.", count="failed"),
        Fact(
            "created",
            "Offers that were written and are still there. An admin of one operator sees those that are for this operator alone.",
            source="FROM offers WHERE true",
            at="created_at",
            operator="CASE WHEN cardinality(operators) = 1 THEN operators[1] ELSE '' END",
        ),
    ),
    tops={"offers": "The ten offers with most delivered recharges."},
    state=State(
        "Offers that there are. An admin of one operator sees those that are for this operator alone.",
        source="FROM offers JOIN offer_types USING (offer_type_id) WHERE true",
        operator="CASE WHEN cardinality(operators) = 1 THEN operators[1] ELSE '' END",
        keys={
            "status": "status",
            "offer_type": "offer_types.name",
            "reward": "CASE WHEN num_nonnulls(cashback_paise, cashback_basis_points) = 0 THEN 'discount'"
            " WHEN num_nonnulls(discount_paise, discount_basis_points) = 0 THEN 'cashback' ELSE 'both' END",
        },
    ),
    state_cuts={
        "status": "Offers by whether they hold.",
        "offer_type": "Offers by the type that they belong to.",
        "reward": "Offers by what they give: `discount`, `cashback` or `both`.",
    },
)
DELIVERY: Final = Area(
    name="delivery",
    title="deliveries",
    resource=Resource.RECHARGE,
    main="delivered",
    is_scoped=True,
    is_kept=False,
    base=Cut.CHANNEL,
    has_channels=True,
    recharge_cuts={Cut.CHANNEL: "channel", Cut.WAIT: "wait", Cut.FAILURE: "failure"},
    facts=(
        Fact(
            "delivered",
            "Recharges that the operator delivered. The amount is what the operator gets for them.",
            count="delivered",
            amount="delivered_price",
        ),
        Fact(
            "failed",
            "Recharges that were not paid or not delivered, and what was given back of captured and held money.",
            count="failed",
            amount="released",
        ),
    ),
    cuts={
        "channel": "By the channel that delivered it, or was tried last; `internal`: the operator's own system, or no channel was tried.",
        "wait": "Recharges over an operator's API: delivered within less than so many seconds; `more`: longer.",
        "failure": "Failed recharges by the reason.",
    },
    cut_facts={"failure": ("failed",)},
)
