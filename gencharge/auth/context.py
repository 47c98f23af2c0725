"""What one API process needs to sign people in."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI

from gencharge.auth.challenges import Challenges
from gencharge.auth.codes import Codes, codes_of
from gencharge.core.messenger import Courier, channel_of
from gencharge.core.postgres.database import Database
from gencharge.core.rooms import process
from gencharge.core.rooms.process import OnePerApp
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.sessions.guards import Gate


@dataclass(slots=True)
class AuthContext(OnePerApp):
    """One per application: settings, stores, the source of codes and the channel that sends them. Tests replace parts of it."""

    settings: Settings
    database: Database
    challenges: Challenges
    courier: Courier
    codes: Codes
    gate: Gate

    @classmethod
    def open(cls, app: FastAPI) -> AuthContext:
        """A context with the application's stores."""
        stores: Stores = app.state.stores
        settings = stores.settings
        return cls(
            settings=settings,
            database=stores.database,
            challenges=Challenges(settings, stores.redis),
            courier=Courier(channel_of(settings)),
            codes=codes_of(settings),
            gate=Gate.of(app),
        )


async def watch_context(app: FastAPI, stores: Stores) -> None:
    """Open the context, and send the messages that wait when the process ends."""
    del stores
    await process.close_at_end(AuthContext.of(app).courier.close)
