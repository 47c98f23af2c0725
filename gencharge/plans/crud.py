"""Queries of the catalogue."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import column, func, select, table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.plans.models import Plan, PlanGroup, PlanVersion

# The other half of what is sold belongs to the room `operators`; here only its codes are needed, to check a filter.
_operators = table("operators", column("code"), column("is_active"), column("sort_order"))
_circles = table("circles", column("code"))


async def list_all(db: AsyncSession) -> Sequence[Plan]:
    """Every plan, whatever its status. The catalogue is small and read whole."""
    return (await db.scalars(select(Plan).order_by(Plan.plan_id))).all()


async def list_groups(db: AsyncSession) -> Sequence[PlanGroup]:
    """Every plan group."""
    return (await db.scalars(select(PlanGroup).order_by(PlanGroup.group_id))).all()


async def list_operator_codes(db: AsyncSession) -> Sequence[str]:
    """The codes of the operators that are served."""
    found = select(_operators.c.code).where(_operators.c.is_active)
    return (await db.scalars(found.order_by(_operators.c.sort_order, _operators.c.code))).all()


async def list_circle_codes(db: AsyncSession) -> Sequence[str]:
    """The codes of all circles."""
    return (await db.scalars(select(_circles.c.code).order_by(_circles.c.code))).all()


async def count_plans(db: AsyncSession, plan_ids: Collection[UUID]) -> int:
    """How many of these plans there are."""
    return await db.scalar(select(func.count()).where(Plan.plan_id.in_(plan_ids))) or 0


async def add_missing_groups(db: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the groups that are not there; what is there stays as it is."""
    await db.execute(insert(PlanGroup).on_conflict_do_nothing(), rows)


async def add_missing_plans(
    db: AsyncSession, plans: Sequence[Mapping[str, Any]], versions: Sequence[Mapping[str, Any]]
) -> None:
    """Insert the plans that are not there, with their first versions; what is there stays as it is."""
    await db.execute(insert(Plan).on_conflict_do_nothing(), plans)
    await db.execute(insert(PlanVersion).on_conflict_do_nothing(), versions)
