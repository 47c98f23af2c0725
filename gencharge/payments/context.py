"""The context: what a process needs to take payments and send them back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson
from fastapi import FastAPI

from gencharge.core.postgres.database import Database
from gencharge.core.rooms import process
from gencharge.core.rooms.process import OnePerApp
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.payments.gateway import Gateway
from gencharge.payments.razorpay import Razorpay
from gencharge.users.models import KycTier
from gencharge.wallet import service as wallet


@dataclass(slots=True)
class PaymentContext(OnePerApp):
    """One per application or worker. A test may put another gateway in."""

    settings: Settings
    database: Database
    gateway: Gateway
    # The limits of each KYC tier in paise, as JSON for the SQL functions.
    limits: str = field(init=False)

    def __post_init__(self) -> None:
        self.limits = limits_json(self.settings)

    @classmethod
    def at(cls, stores: Stores) -> PaymentContext:
        """A context with a gateway of its own."""
        return cls(stores.settings, stores.database, Razorpay(stores.settings))

    @classmethod
    def open(cls, app: FastAPI) -> PaymentContext:
        """A context on the application's stores."""
        return cls.at(app.state.stores)

    def checkout_url(self, order_id: str) -> str | None:
        """The page where a customer pays an order; None where the gateway has none of its own."""
        template = self.settings.payment_checkout_url
        if not template and self.settings.is_development:
            template = self.settings.payment_gateway_url.rstrip("/") + "/checkout/{order_id}"
        return template.replace("{order_id}", order_id) or None


def limits_json(settings: Settings) -> str:
    """`{"small": {"balance": paise, "month": ..., "year": ...}, "full": ...}`; null: no limit of its own."""

    def paise(amount: Money | None) -> int | None:
        return None if amount is None else amount.paise

    tiers: dict[str, Any] = {}
    for tier in KycTier:
        most = wallet.limits(settings, tier)
        tiers[tier.value] = {
            "balance": most.balance.paise,
            "month": paise(most.monthly_load),
            "year": paise(most.yearly_load),
        }
    return orjson.dumps(tiers).decode()


async def watch_gateway(app: FastAPI, stores: Stores) -> None:
    """Close the connections to the gateway when the process ends."""
    del stores
    await process.close_at_end(lambda: PaymentContext.of(app).gateway.close())
