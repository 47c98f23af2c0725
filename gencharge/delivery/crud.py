"""Queries of pending recharges. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.delivery.models import ResolutionRequest
from gencharge.recharge.models import Recharge


async def list_plan_names(db: AsyncSession, keys: Iterable[tuple[UUID, UUID]]) -> dict[UUID, str]:
    """The plan names of the recharges with these keys (user id, recharge id), by recharge id."""
    query = select(Recharge.id, Recharge.plan_name).where(
        tuple_(Recharge.user_id, Recharge.id).in_(list(keys))
    )
    return {recharge_id: name for recharge_id, name in await db.execute(query)}


async def get_resolution_request(
    db: AsyncSession, user_id: UUID, recharge_id: UUID
) -> ResolutionRequest | None:
    """The request to end a recharge as failed, as it is in the database now."""
    return await db.get(ResolutionRequest, (user_id, recharge_id), populate_existing=True)


async def delete_resolution_request(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> None:
    """Delete the request to end a recharge, if there is one."""
    await db.execute(
        delete(ResolutionRequest).where(
            ResolutionRequest.user_id == user_id, ResolutionRequest.recharge_id == recharge_id
        )
    )
