"""What each role allows, held in memory by every API process. A change of a role raises the version.

Redis tells the processes at once, and each polls PostgreSQL every 0.7 s, so a permission that was taken away is
refused everywhere within a second. While PostgreSQL is down, the last grants stay in force.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import crud
from gencharge.admins.roles import SNAPSHOT
from gencharge.core.rooms import snapshots
from gencharge.sessions.guards import Gate


@dataclass(frozen=True, slots=True)
class Grants:
    """The version of the grants that the gate holds."""

    version: int


class GrantsHolder(snapshots.Holder[Grants]):
    """Stores the grants in the application's gate, for the guards."""

    name = SNAPSHOT

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    @classmethod
    def open(cls, app: FastAPI) -> Self:
        """A holder for the application's gate."""
        return cls(Gate.of(app))

    async def load(self, db: AsyncSession, version: int) -> Grants:
        """Read the grants of all roles into the gate."""
        self._gate.grants = await crud.list_grants(db)
        return Grants(version)
