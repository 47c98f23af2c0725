"""What each role allows, held in memory by every API process and never older than a second or so."""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import FastAPI

from gencharge.admins import crud
from gencharge.core import telemetry
from gencharge.core.stores import Stores
from gencharge.sessions.guards import Gate

POLL_SECONDS: Final = 0.8
log = telemetry.get_logger(__name__)


async def watch_roles(app: FastAPI, stores: Stores) -> None:
    """Keep the gate's grants up to date for as long as the process runs. While PostgreSQL is away the last ones stay."""
    gate = Gate.of(app)
    known: tuple[object, ...] = ()
    while True:
        try:
            found = await stores.database.run(crud.get_roles_fingerprint)
            if found != known:
                gate.grants = await stores.database.run(crud.list_grants)
                known = found
        except Exception as error:
            log.warning("roles_poll_failed", error=type(error).__name__)
        await asyncio.sleep(POLL_SECONDS)
