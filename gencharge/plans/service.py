"""Loading, holding and seeding the catalogue."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.choices import Choices
from gencharge.core.rooms import snapshots
from gencharge.operators import service as operators
from gencharge.plans import crud, sample
from gencharge.plans.catalogue import CatalogueSnapshot, GroupSnapshot, PlansOnSale
from gencharge.plans.models import AmountRange, Plan, PlanGroup, PlanSnapshot
from gencharge.plans.rules import Vocabulary

__all__ = [
    "Catalogue",
    "CatalogueSnapshot",
    "CurrentCatalogue",
    "GroupSnapshot",
    "PlanSnapshot",
    "PlansOnSale",
    "bump_version",
    "find_amounts",
    "load_catalogue",
    "read_vocabulary",
    "seed",
]


async def load_catalogue(db: AsyncSession, version: int | None = None) -> CatalogueSnapshot:
    """The whole catalogue, read from PostgreSQL. For processes without an application, such as a worker's job."""
    if version is None:
        version = await snapshots.version_of(db, snapshots.CATALOGUE)
    groups = await crud.list_groups(db)
    names = {group.group_id: group.name for group in groups}
    plans = await crud.list_all(db)
    directory = await operators.load_operators(db, version)
    served = [operator.code for operator in directory.served]
    return CatalogueSnapshot(
        version,
        (
            PlanSnapshot.of(plan, names.get(plan.group_id, ""), served=plan.operator in served)
            for plan in plans
        ),
        (_group(group) for group in groups),
        operators=served,
        circles=sorted(directory.circles),
        maintenance={
            operator.code: operator.maintenance
            for operator in directory.served
            if operator.maintenance is not None
        },
    )


async def read_vocabulary(db: AsyncSession) -> Vocabulary:
    """The operators, circles and groups that a plan may refer to, read from PostgreSQL."""
    directory = await operators.load_operators(db)
    groups = await crud.list_groups(db)
    return Vocabulary(
        tuple(directory.operators),
        tuple(sorted(directory.circles)),
        {group.group_id: group.name for group in groups},
    )


def _group(group: PlanGroup) -> GroupSnapshot:
    return GroupSnapshot(
        group_id=group.group_id,
        name=group.name,
        description=group.description,
        sort_order=group.sort_order,
    )


class Catalogue(snapshots.Holder[CatalogueSnapshot]):
    """The catalogue that a process holds in memory."""

    name = snapshots.CATALOGUE

    async def load(self, db: AsyncSession, version: int) -> CatalogueSnapshot:
        """The whole catalogue, read from PostgreSQL."""
        return await load_catalogue(db, version)


def group_choices(catalogue: CatalogueSnapshot) -> Choices:
    """The groups that a filter may name, by name or id."""
    groups = catalogue.groups
    return Choices.of((group.name for group in groups), (group.group_id for group in groups))


async def find_amounts(db: AsyncSession, plan_id: UUID) -> AmountRange | None:
    """What a plan of any amount is sold for now; None if there is no such plan, or if it has one price."""
    plan = await db.get(Plan, plan_id)
    return AmountRange.of(plan) if plan is not None else None


async def bump_version(db: AsyncSession) -> int:
    """Raise the catalogue's version in the running transaction; every writer calls this."""
    return await snapshots.bump(db, snapshots.CATALOGUE)


async def seed(db: AsyncSession) -> bool:
    """Add missing plans and groups of the sample catalogue; the operators must exist. False if nothing was missing."""
    plans = [*sample.plans(), *sample.made_up()]
    if await crud.count_plans(db, [plan["plan_id"] for plan in plans]) == len(plans):
        return False
    groups = sample.groups()
    await crud.add_missing_groups(db, groups)
    names = {group["group_id"]: group["name"] for group in groups}
    versions = [
        {"plan_id": plan["plan_id"], "version": plan["version"], "snapshot": terms}
        for plan in plans
        if (terms := PlanSnapshot.of(Plan(**plan), names[plan["group_id"]]).terms())
    ]
    await crud.add_missing_plans(db, plans, versions)
    await bump_version(db)
    return True


CurrentCatalogue = Annotated[CatalogueSnapshot, Depends(Catalogue.for_request)]
