"""What each role allows, held in memory by every API process: whoever changes a role bumps its version.

Redis tells the processes at once, and each asks PostgreSQL every 0.7 s, so that a permission that was taken away is
refused everywhere within a second. While PostgreSQL is away the last grants stay.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import crud
from gencharge.admins.roles import SNAPSHOT
from gencharge.core.rooms import snapshots
from gencharge.core.stores.stores import Stores
from gencharge.sessions.guards import Gate


@dataclass(frozen=True, slots=True)
class Grants:
    """The version of what the gate holds."""

    version: int


async def watch_roles(app: FastAPI, stores: Stores) -> None:
    """Keep the gate's grants up to date for as long as the process runs."""
    gate = Gate.of(app)

    async def load(db: AsyncSession, version: int) -> Grants:
        # Into the gate at once: guards read it there and ask nobody.
        gate.grants = await crud.list_grants(db)
        return Grants(version)

    await snapshots.watch(snapshots.Holder(SNAPSHOT, load), stores)
