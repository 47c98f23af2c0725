"""The desk: what one API process needs to sign people in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from fastapi import FastAPI, Request

from gencharge.auth.challenges import Challenges
from gencharge.auth.codes import Codes, codes_of
from gencharge.core.messenger import Courier, channel_of
from gencharge.core.postgres.database import Database
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.sessions.guards import Gate


@dataclass(slots=True)
class Desk:
    """One per application. A test may put another source of codes or another courier in."""

    settings: Settings
    database: Database
    challenges: Challenges
    courier: Courier
    codes: Codes
    gate: Gate

    @classmethod
    def of(cls, app: FastAPI) -> Desk:
        """The application's desk; made at the first use."""
        try:
            desk: Desk = app.state.desk
        except AttributeError:
            stores: Stores = app.state.stores
            settings = stores.settings
            desk = app.state.desk = cls(
                settings=settings,
                database=stores.database,
                challenges=Challenges(settings, stores.redis),
                courier=Courier(channel_of(settings)),
                codes=codes_of(settings),
                gate=Gate.of(app),
            )
        return desk


async def get_desk(request: Request) -> Desk:
    """The application's desk."""
    return Desk.of(request.scope["app"])


async def watch_desk(app: FastAPI, stores: Stores) -> None:
    """Open the desk, and finish what its courier has to send when the process ends."""
    del stores
    desk = Desk.of(app)
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        await desk.courier.close()
