"""Queries of pending recharges. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.recharge.models import Recharge


async def list_plan_names(db: AsyncSession, keys: Iterable[tuple[UUID, UUID]]) -> dict[UUID, str]:
    """The plan names of the recharges with these keys (user id, recharge id), by recharge id."""
    query = select(Recharge.id, Recharge.plan_name).where(
        tuple_(Recharge.user_id, Recharge.id).in_(list(keys))
    )
    return {recharge_id: name for recharge_id, name in await db.execute(query)}
