"""Sample offers of every kind. Ids are derived from names, so they are the same in every installation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from gencharge.offers.models import OfferStatus, Weekday
from gencharge.offers.rules import OfferConditions, OfferLimits, OfferReward, columns_of
from gencharge.users.models import UserType
from gencharge.wallet.models import PaymentMethod, RequestSource

_NAMESPACE: Final = UUID("3d1f6a52-7c0e-4b7b-8f8e-0b6f1f4f2a77")
_CREATED_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_TYPES: Final = {
    "Festive": "For festivals and holidays.",
    "Cashback": "Money back into the wallet.",
    "Loyalty": "For those who stay with us.",
    "First recharge": "A welcome for new users.",
}


def types() -> list[dict[str, Any]]:
    """The rows of `offer_types`."""
    return [
        {"offer_type_id": _type_id(name), "name": name, "description": description}
        for name, description in _TYPES.items()
    ]


def offers() -> list[dict[str, Any]]:
    """The rows of `offers`."""
    return [
        _offer(
            "First recharge",
            "Welcome: 20 % off",
            "A fifth off your first recharge, up to ₹50.",
            code="WELCOME20",
            is_special=True,
            conditions={"new_user_only": True},
            reward={"discount": {"kind": "percent", "percent": 20, "cap": 50}},
            limits={"uses_per_user": 1},
        ),
        _offer(
            "Festive",
            "Festival of lights",
            "₹30 off every plan of ₹299 or more.",
            code="DIWALI30",
            is_special=True,
            conditions={"min_amount": 299},
            reward={"discount": {"kind": "flat", "amount": 30}},
            limits={"uses_per_user": 2, "budget": 500_000},
        ),
        _offer(
            "Cashback",
            "UPI weekend",
            "5 % back on Saturdays and Sundays when you pay by UPI, up to ₹25.",
            conditions={
                "payment_methods": [PaymentMethod.UPI],
                "weekdays": [Weekday.SATURDAY, Weekday.SUNDAY],
            },
            reward={"cashback": {"kind": "percent", "percent": 5, "cap": 25}},
        ),
        _offer(
            "Cashback",
            "Jio from the wallet",
            "₹10 back on Jio plans of ₹199 or more, paid from the wallet.",
            conditions={
                "operators": ["JIO"],
                "min_amount": 199,
                "payment_methods": [PaymentMethod.WALLET],
            },
            reward={"cashback": {"kind": "flat", "amount": 10}},
            limits={"uses_per_user": 12},
        ),
        _offer(
            "Loyalty",
            "Postpaid thanks",
            "2.5 % off postpaid rentals in the app, up to ₹20, and ₹5 back.",
            conditions={"user_types": [UserType.POSTPAID], "sources": [RequestSource.APP]},
            reward={
                "discount": {"kind": "percent", "percent": "2.5", "cap": 20},
                "cashback": {"kind": "flat", "amount": 5},
            },
        ),
    ]


def _type_id(name: str) -> UUID:
    return uuid5(_NAMESPACE, f"type:{name}")


def _offer(
    kind: str,
    name: str,
    description: str,
    *,
    reward: dict[str, Any],
    conditions: dict[str, Any],
    limits: dict[str, Any] | None = None,
    code: str | None = None,
    is_special: bool = False,
) -> dict[str, Any]:
    return {
        "offer_id": uuid5(_NAMESPACE, f"offer:{name}"),
        "version": 1,
        "offer_type_id": _type_id(kind),
        "name": name,
        "description": description,
        "code": code,
        "status": OfferStatus.ACTIVE.value,
        "is_special": is_special,
        "created_at": _CREATED_AT,
        **columns_of(OfferConditions.model_validate(conditions)),
        **columns_of(OfferReward.model_validate(reward)),
        **columns_of(OfferLimits.model_validate(limits or {})),
    }
