"""What a process needs to ask operators while an admin waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI

from gencharge.channels.service import OperatorClient
from gencharge.core.postgres.database import Database
from gencharge.core.rooms import process
from gencharge.core.rooms.process import OnePerApp
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores

# Nobody waits for an answer longer than this.
ASK_SECONDS: Final = 3.0


@dataclass(slots=True)
class DeliveryContext(OnePerApp):
    """The settings, the database and the operators of an application."""

    settings: Settings
    database: Database
    operators: OperatorClient

    @classmethod
    def at(cls, stores: Stores) -> DeliveryContext:
        """A context with a client of its own."""
        client = OperatorClient(stores.settings, timeout_seconds=ASK_SECONDS)
        return cls(stores.settings, stores.database, client)

    @classmethod
    def open(cls, app: FastAPI) -> DeliveryContext:
        """A context on the application's stores."""
        return cls.at(app.state.stores)


async def watch_operators(app: FastAPI, stores: Stores) -> None:
    """Close the connections to the operators when the process ends."""
    del stores
    await process.close_at_end(lambda: DeliveryContext.of(app).operators.close())
