"""Removes the second factor of an admin who was archived."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins.events import AdminArchived
from gencharge.auth import crud
from gencharge.core.events.events import Envelope, Inside


async def _delete_factor(db: AsyncSession, envelope: Envelope) -> None:
    if isinstance(envelope.event, AdminArchived):
        await crud.delete_factor(db, UUID(envelope.event.admin_id))


FORGET_FACTORS: Final = Inside("forget-second-factors", (AdminArchived,), _delete_factor)
