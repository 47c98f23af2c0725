"""What the staff are told of plans that customers bought: each, or a digest of a day. Pure; no customer is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gencharge.notifications.kinds import INBOX, Draft, Kind, Values, date, label, money, number
from gencharge.notifications.models import Recipient
from gencharge.recharge.events import PlanRecharged

SUBSCRIPTION_ACTIVATED: Final = Kind(
    "subscription_activated",
    INBOX,
    {
        "plan": label("Jio 299", required=True),
        "operator": label("JIO", required=True),
        "paid": money(29_900, required=True),
    },
)
SUBSCRIPTIONS_DIGEST: Final = Kind(
    "subscriptions_digest",
    INBOX,
    {
        "day": date(required=True),
        "count": number(1_240, required=True),
        "amount": money(34_567_800, required=True),
        "operators": label("AIRTEL 400, JIO 840", required=True),
    },
)
KINDS: Final = (SUBSCRIPTION_ACTIVATED, SUBSCRIPTIONS_DIGEST)


@dataclass(frozen=True, slots=True)
class Sold:
    """What was delivered of an operator on a day: how many plans, and their prices in paise."""

    count: int
    paise: int


def activated(event: PlanRecharged, admin: Recipient) -> Draft:
    """A customer's plan is active or queued."""
    values: Values = {"plan": event.plan_name, "operator": event.operator, "paid": event.total_paid_paise}
    data = {"user_id": event.user_id, "recharge_id": event.recharge_id, "operator": event.operator}
    return Draft(admin, SUBSCRIPTION_ACTIVATED, values, data)


def digest(day: datetime, sold: Mapping[str, Sold], admin: Recipient, scope: tuple[str, ...]) -> Draft | None:
    """What was delivered on a day of the operators that the admin may see. None: nothing was.

    `day`: an instant of it. `scope`: the operators; empty: all.
    """
    seen = {
        operator: one
        for operator, one in sorted(sold.items())
        if one.count and (not scope or operator in scope)
    }
    if not seen:
        return None
    count, paise = sum(one.count for one in seen.values()), sum(one.paise for one in seen.values())
    values: Values = {
        "day": day.isoformat(),
        "count": count,
        "amount": paise,
        "operators": ", ".join(f"{operator} {one.count}" for operator, one in seen.items()),
    }
    return Draft(admin, SUBSCRIPTIONS_DIGEST, values, {"count": count, "amount_paise": paise})
