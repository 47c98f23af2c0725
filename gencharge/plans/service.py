"""The catalogue: who holds it, how it stays fresh, how a plan changes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI, Request
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import snapshots
from gencharge.core.database import get_database
from gencharge.core.money import Money
from gencharge.core.stores import Stores
from gencharge.plans import crud, sample
from gencharge.plans.catalogue import CatalogueSnapshot, GroupSnapshot, PlanSnapshot, Shelf
from gencharge.plans.models import Category, Plan, PlanGroup, PlanStatus, PlanType, ValidityUnit

__all__ = [
    "Catalogue",
    "CatalogueSnapshot",
    "CurrentCatalogue",
    "GroupSnapshot",
    "PlanSnapshot",
    "Shelf",
    "bump_version",
    "catalogue_of",
    "load_catalogue",
    "seed",
    "watch_catalogue",
]

Catalogue = snapshots.Holder[CatalogueSnapshot]


async def load_catalogue(db: AsyncSession, version: int | None = None) -> CatalogueSnapshot:
    """The whole catalogue, read from PostgreSQL. For processes without an application, such as a worker's job."""
    if version is None:
        version = await snapshots.version_of(db, snapshots.CATALOGUE)
    groups = await crud.list_groups(db)
    names = {group.group_id: group.name for group in groups}
    plans = await crud.list_all(db)
    return CatalogueSnapshot(
        version,
        (_snapshot(plan, names.get(plan.group_id, "")) for plan in plans),
        (_group(group) for group in groups),
        operators=await crud.list_operator_codes(db),
        circles=await crud.list_circle_codes(db),
    )


def _snapshot(plan: Plan, group: str) -> PlanSnapshot:
    return PlanSnapshot(
        plan_id=plan.plan_id,
        version=plan.version,
        name=plan.name,
        description=plan.description,
        operator=plan.operator,
        circles=frozenset(plan.circles),
        plan_type=PlanType(plan.plan_type),
        category=Category(plan.category),
        price=Money(plan.price_paise),
        validity_count=plan.validity_count,
        validity_unit=ValidityUnit(plan.validity_unit),
        benefits=plan.benefits,
        is_addon=plan.is_addon,
        most_popular=plan.most_popular,
        group_id=plan.group_id,
        group=group,
        criteria=plan.criteria,
        status=PlanStatus(plan.status),
        active_from=plan.active_from,
        active_until=plan.active_until,
    )


def _group(group: PlanGroup) -> GroupSnapshot:
    return GroupSnapshot(
        group_id=group.group_id,
        name=group.name,
        description=group.description,
        sort_order=group.sort_order,
    )


def catalogue_of(app: FastAPI) -> Catalogue:
    """The application's holder of the catalogue (`app.state.catalogue`); made on first use."""
    holder: Catalogue | None = getattr(app.state, "catalogue", None)
    if holder is None:
        app.state.catalogue = holder = Catalogue(snapshots.CATALOGUE, load_catalogue)
    return holder


async def watch_catalogue(app: FastAPI, stores: Stores) -> None:
    """Keep the application's catalogue fresh: never stale for more than a second, also without Redis."""
    await snapshots.watch(catalogue_of(app), stores)


async def bump_version(db: AsyncSession) -> int:
    """Say in the running transaction that the catalogue changes with it; every writer calls this."""
    return await snapshots.bump(db, snapshots.CATALOGUE)


async def get_catalogue(request: Request) -> CatalogueSnapshot:
    """The process's catalogue. Raises DatabaseUnavailable if none is loaded yet and PostgreSQL is away."""
    return await catalogue_of(request.app).current(get_database(request))


async def seed(db: AsyncSession) -> bool:
    """Put in what is missing of the sample catalogue; the operators must be there. False if nothing was missing."""
    plans = sample.plans()
    if await crud.count_plans(db, [plan["plan_id"] for plan in plans]) == len(plans):
        return False
    groups = sample.groups()
    await crud.add_missing_groups(db, groups)
    names = {group["group_id"]: group["name"] for group in groups}
    versions = [
        {"plan_id": plan["plan_id"], "version": plan["version"], "snapshot": terms}
        for plan in plans
        if (terms := _snapshot(Plan(**plan), names[plan["group_id"]]).terms())
    ]
    await crud.add_missing_plans(db, plans, versions)
    await bump_version(db)
    return True


CurrentCatalogue = Annotated[CatalogueSnapshot, Depends(get_catalogue)]
