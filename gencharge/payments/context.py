"""What a process needs to take payments and refund them."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI

from gencharge.core.postgres.database import Database
from gencharge.core.rooms import process
from gencharge.core.rooms.process import OnePerApp
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.payments.gateway import Gateway
from gencharge.payments.razorpay import Razorpay


@dataclass(slots=True)
class PaymentContext(OnePerApp):
    """The settings, the database and the gateway of an application or a worker. A test may use another gateway."""

    settings: Settings
    database: Database
    gateway: Gateway

    @classmethod
    def at(cls, stores: Stores) -> PaymentContext:
        """A context with a gateway client of its own."""
        return cls(stores.settings, stores.database, Razorpay(stores.settings))

    @classmethod
    def open(cls, app: FastAPI) -> PaymentContext:
        """A context on the application's stores."""
        return cls.at(app.state.stores)

    def checkout_url(self, order_id: str) -> str | None:
        """The page where a customer pays an order; None if the gateway has no such page."""
        template = self.settings.payment_checkout_url
        if not template and self.settings.is_development:
            template = self.settings.payment_gateway_url.rstrip("/") + "/checkout/{order_id}"
        return template.replace("{order_id}", order_id) or None


async def watch_gateway(app: FastAPI, stores: Stores) -> None:
    """Close the connections to the gateway when the process ends."""
    del stores
    await process.close_at_end(lambda: PaymentContext.of(app).gateway.close())
