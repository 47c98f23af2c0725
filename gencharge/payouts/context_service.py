"""What a process needs to ask the gateway about payees and to send money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI

from gencharge.core.postgres.database import Database
from gencharge.core.rooms import process
from gencharge.core.rooms.process import OnePerApp
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.payments.service import Razorpay, RazorpayPayouts

# The number of the sandbox's account.
SANDBOX_ACCOUNT: Final = "2323230000000001"


@dataclass(slots=True)
class PayoutContext(OnePerApp):
    """The settings, the database and the gateway of an application or a worker; no gateway: it takes no payouts."""

    settings: Settings
    database: Database
    gateway: RazorpayPayouts | None

    @classmethod
    def at(cls, stores: Stores) -> PayoutContext:
        """A context with a gateway client of its own."""
        settings = stores.settings
        number = settings.payout_account or (SANDBOX_ACCOUNT if settings.is_development else "")
        gateway = RazorpayPayouts(Razorpay(settings), number) if number else None
        return cls(settings, stores.database, gateway)

    @classmethod
    def open(cls, app: FastAPI) -> PayoutContext:
        """A context on the application's stores."""
        return cls.at(app.state.stores)

    async def close(self) -> None:
        """Close the connections to the gateway."""
        if self.gateway is not None:
            await self.gateway.close()


async def watch_gateway(app: FastAPI, stores: Stores) -> None:
    """Close the connections to the gateway when the process ends."""
    del stores
    await process.close_at_end(lambda: PayoutContext.of(app).close())
