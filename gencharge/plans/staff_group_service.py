"""What the staff do with plan groups."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import field_problem
from gencharge.core.events.events import changes, emit
from gencharge.core.http import etags
from gencharge.core.http.paging import Page, PageParams, slice_page
from gencharge.core.rooms import snapshots
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.wording import worded
from gencharge.plans import crud
from gencharge.plans.errors import PlanGroupAlreadyExists, PlanGroupInUse, PlanGroupNotFound
from gencharge.plans.events import PlanGroupCreated, PlanGroupDeleted, PlanGroupUpdated
from gencharge.plans.models import Plan, PlanGroup
from gencharge.plans.staff_schemas import PlanGroupCreate, PlanGroupUpdate, StaffPlanGroupOut
from gencharge.sessions.guards import Principal, within

_EDITABLE: Final = ("name", "description", "sort_order")


async def list_all(db: AsyncSession, admin: Principal, page: PageParams) -> Page[StaffPlanGroupOut]:
    """A page of the groups in their order, each with how many plans of each status it holds in the admin's scope.

    Raises CursorInvalid.
    """
    counts = await crud.count_by_group(db, within(admin, Plan.operator.expression))
    rows, cursor, total = slice_page(
        await crud.list_groups(db), page, lambda group: (group.sort_order, group.name, group.group_id)
    )
    items = [StaffPlanGroupOut.of(group, counts.get(group.group_id, {})) for group in rows]
    return Page(items=items, next_cursor=cursor, total=total)


async def create(db: AsyncSession, command: PlanGroupCreate) -> StaffPlanGroupOut:
    """A new group. Raises PlanGroupAlreadyExists (names the field)."""
    await snapshots.lock(db, snapshots.CATALOGUE)
    await _check_name(db, command.name, None)
    instant = clock.now()
    group = PlanGroup(group_id=new_id(), created_at=instant, updated_at=instant, **command.model_dump())
    db.add(group)
    await db.flush()
    await snapshots.bump(db, snapshots.CATALOGUE)
    created = changes({}, _state_of(group))
    await emit(
        db, PlanGroupCreated(user_id=str(SYSTEM_USER_ID), plan_group_id=str(group.group_id), changes=created)
    )
    return StaffPlanGroupOut.of(group, {})


async def update(
    db: AsyncSession, group_id: UUID, command: PlanGroupUpdate, *, if_match: str | None = None
) -> StaffPlanGroupOut:
    """Change what the command names. Raises PlanGroupNotFound, ResourceChanged, PlanGroupAlreadyExists."""
    await snapshots.lock(db, snapshots.CATALOGUE)
    group = await _lock(db, group_id)
    etags.check(if_match, group)
    if "name" in command.model_fields_set:
        await _check_name(db, command.name, group_id)
    before = _state_of(group)
    for name, value in command.model_dump(include=command.model_fields_set).items():
        setattr(group, name, value)
    changed = changes(before, _state_of(group))
    if changed:
        group.updated_at = clock.now()
        await db.flush()
        await snapshots.bump(db, snapshots.CATALOGUE)
        await emit(
            db, PlanGroupUpdated(user_id=str(SYSTEM_USER_ID), plan_group_id=str(group_id), changes=changed)
        )
    counts = await crud.count_by_group(db, Plan.group_id == group_id)
    return StaffPlanGroupOut.of(group, counts.get(group_id, {}))


async def delete(db: AsyncSession, group_id: UUID) -> None:
    """Delete an empty group. Raises PlanGroupNotFound, PlanGroupInUse."""
    await snapshots.lock(db, snapshots.CATALOGUE)
    group = await _lock(db, group_id)
    counts = await crud.count_by_group(db, Plan.group_id == group_id)
    plan_count = sum(counts.get(group_id, {}).values())
    if plan_count:
        raise PlanGroupInUse(
            worded(
                "Plans in this group: {plan_count}. Move them to another group first.", plan_count=plan_count
            )
        )
    state = _state_of(group)
    await crud.delete_group(db, group_id)
    await snapshots.bump(db, snapshots.CATALOGUE)
    removed = changes(state, {})
    await emit(
        db, PlanGroupDeleted(user_id=str(SYSTEM_USER_ID), plan_group_id=str(group_id), changes=removed)
    )


async def _lock(db: AsyncSession, group_id: UUID) -> PlanGroup:
    group = await crud.lock_group(db, group_id)
    if group is None:
        names = ", ".join(f"{one.name} ({one.group_id})" for one in await crud.list_groups(db))
        raise PlanGroupNotFound(
            worded("Plan group not found. Available: {names}.", names=names or worded("none yet"))
        )
    return group


async def _check_name(db: AsyncSession, name: str, group_id: UUID | None) -> None:
    """Raises PlanGroupAlreadyExists if another group has the name."""
    owner_id = await crud.find_group_of_name(db, name)
    if owner_id not in {None, group_id}:
        problem = field_problem(
            "body.name", "Another group already has this name", "plan_group_already_exists"
        )
        raise PlanGroupAlreadyExists(errors=[problem])


def _state_of(group: PlanGroup) -> dict[str, Any]:
    return {name: getattr(group, name) for name in _EDITABLE}
