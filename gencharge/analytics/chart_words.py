"""What the titles of charts say. Hindi is in `texts/hi.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gencharge.core.wording import Worded, worded

AREAS: Final[Mapping[str, Worded]] = {
    "transactions": worded("Recharges"),
    "revenue": worded("Revenue"),
    "users": worded("Customers"),
    "users-archive": worded("Customers who left"),
    "admins": worded("Staff"),
    "plans": worded("Plans"),
    "offers": worded("Offers"),
    "referrals": worded("Referral rewards"),
    "autopay": worded("Autopay"),
    "payments": worded("Payments"),
    "delivery": worded("Deliveries"),
    "funnel": worded("From the quote to the delivery"),
    "backups": worded("Work on backups"),
    "current-active-plans": worded("Plans that run"),
}
MEASURES: Final[Mapping[str, Worded]] = {
    "abandoned": worded("abandoned"),
    "active": worded("running"),
    "appointed": worded("appointed"),
    "archived": worded("closed accounts"),
    "bought": worded("bought"),
    "cancelled": worded("cancelled"),
    "captured": worded("captured"),
    "cashback": worded("cashback"),
    "commission": worded("commission"),
    "created": worded("created"),
    "delivered": worded("delivered"),
    "discount": worded("discount"),
    "earned": worded("earned"),
    "failed": worded("failed"),
    "net": worded("what is left for us"),
    "offer_cost": worded("cost of offers"),
    "paid": worded("paid"),
    "paused": worded("paused"),
    "price": worded("price"),
    "promised": worded("promised"),
    "queued": worded("waiting"),
    "quoted": worded("quotes"),
    "refunded": worded("refunded"),
    "refunds": worded("refunds"),
    "registered": worded("registered"),
    "revenue": worded("revenue"),
    "restored": worded("restored"),
    "reversed": worded("reversed"),
    "set_up": worded("set up"),
    "skipped": worded("skipped"),
    "sold": worded("sold"),
    "succeeded": worded("succeeded"),
    "taken_back": worded("taken back"),
    "used": worded("used"),
    "verified": worded("verified"),
}
DAY: Final = worded("by day")
MONTH: Final = worded("by month")
DIMENSIONS: Final[Mapping[str, Worded]] = {
    "asked_by": worded("by who asked for it"),
    "by": worded("by who closed the account"),
    "category": worded("by category"),
    "channel": worded("by channel"),
    "circle": worded("by circle"),
    "failure": worded("by reason"),
    "hour": worded("by hour"),
    "kind": worded("by kind"),
    "offers": worded("by offer"),
    "operator": worded("by operator"),
    "payment_method": worded("by way of paying"),
    "plan": worded("by plan"),
    "plan_type": worded("by kind of connection"),
    "plans": worded("by plan"),
    "purpose": worded("by purpose"),
    "reason": worded("by reason"),
    "side": worded("by side"),
    "source": worded("by where the customer was"),
    "tag": worded("by tag"),
    "wait": worded("by seconds until the delivery"),
}
OTHER: Final = worded("Other")
NOTHING: Final = worded("Nothing on these days")


def title(area: str, measure: str, by: Worded, *, is_money: bool) -> Worded:
    """Such as `Recharges: delivered, by day`."""
    values = {"area": AREAS[area], "measure": MEASURES[measure], "by": by}
    if is_money:
        return worded("{area}: {measure} (₹), {by}", **values)
    return worded("{area}: {measure}, {by}", **values)
