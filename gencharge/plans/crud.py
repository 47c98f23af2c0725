"""Queries of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.plans.models import Plan, PlanGroup


async def list_all(db: AsyncSession) -> Sequence[Plan]:
    """Every plan, whatever its status. The catalogue is small and read whole."""
    return (await db.scalars(select(Plan).order_by(Plan.plan_id))).all()


async def list_groups(db: AsyncSession) -> Sequence[PlanGroup]:
    """Every plan group."""
    return (await db.scalars(select(PlanGroup).order_by(PlanGroup.group_id))).all()
