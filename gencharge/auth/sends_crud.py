"""Queries of the counts of codes that were sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.auth.models import CodeSends


async def lock_sends(db: AsyncSession, name: str, *, now: datetime) -> CodeSends:
    """The count of this name, made if it is missing, held to the end of the transaction."""
    await db.execute(insert(CodeSends).values(name=name, count=0, began_at=now).on_conflict_do_nothing())
    return await db.get_one(CodeSends, name, with_for_update=True, populate_existing=True)


async def list_sends(db: AsyncSession, names: list[str]) -> list[CodeSends]:
    """The counts of these names, as they stand."""
    return list(await db.scalars(select(CodeSends).where(CodeSends.name.in_(names))))


async def delete_old_sends(db: AsyncSession, *, before: datetime) -> None:
    """Delete the counts whose window began before an instant."""
    await db.execute(delete(CodeSends).where(CodeSends.began_at < before))
