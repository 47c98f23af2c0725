"""Routes of the catalogue for the staff. They come before `/plans/{plan_id}`, which would take `admin` for an id."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http.etags import IfMatch, ResourceChanged
from gencharge.core.http.paging import CursorInvalid, Page, PageParams, Paging
from gencharge.core.http.web import errors
from gencharge.core.http.web import router as router_of
from gencharge.core.postgres.database import Db
from gencharge.plans import staff_group_service as groups
from gencharge.plans import staff_service
from gencharge.plans.errors import (
    PlanAlreadyExists,
    PlanAlreadyPublished,
    PlanGroupAlreadyExists,
    PlanGroupInUse,
    PlanGroupNotFound,
    PlanNotFound,
    PlanStatusNotAllowed,
)
from gencharge.plans.staff_schemas import (
    PlanCreate,
    PlanGroupCreate,
    PlanGroupUpdate,
    PlanUpdate,
    PlanUpdated,
    PlanVersionOut,
    StaffPlanDetail,
    StaffPlanGroupOut,
    StaffPlanOut,
    StaffPlanQuery,
)
from gencharge.sessions.errors import OperatorOutOfScope, StepUpRequired
from gencharge.sessions.guards import ADMIN_ERRORS, SCOPED_ERRORS, Action, Principal, Requires, Resource

Reader = Annotated[Principal, Depends(Requires(Resource.PLANS, Action.READ, scoped=True))]
Creator = Annotated[Principal, Depends(Requires(Resource.PLANS, Action.WRITE, scoped=True, step_up=True))]
Editor = Annotated[Principal, Depends(Requires(Resource.PLANS, Action.EDIT, scoped=True, step_up=True))]
Deleter = Annotated[Principal, Depends(Requires(Resource.PLANS, Action.DELETE, scoped=True))]
GroupReader = Annotated[Principal, Depends(Requires(Resource.PLAN_GROUPS, Action.READ, scoped=True))]
GroupCreator = Annotated[Principal, Depends(Requires(Resource.PLAN_GROUPS, Action.WRITE))]
GroupEditor = Annotated[Principal, Depends(Requires(Resource.PLAN_GROUPS, Action.EDIT))]
GroupDeleter = Annotated[Principal, Depends(Requires(Resource.PLAN_GROUPS, Action.DELETE))]
_BODY: Final = (MalformedJson, ValidationFailed, DatabaseUnavailable)
router = router_of("plans")


@router.get(
    "/admin",
    summary="All plans (staff)",
    response_model=Page[StaffPlanOut],
    responses=errors(*SCOPED_ERRORS, ValidationFailed, CursorInvalid, DatabaseUnavailable),
)
async def staff_list_plans(
    admin: Reader, db: Db, query: Annotated[StaffPlanQuery, Query()]
) -> Page[StaffPlanOut]:
    """Plans of every status in your scope, last changed first unless `sort` says otherwise."""
    return await staff_service.list_plans(db, admin, query)


@router.get(
    "/admin/{plan_id}",
    summary="One plan (staff)",
    response_model=StaffPlanDetail,
    responses=errors(*SCOPED_ERRORS, PlanNotFound, ValidationFailed, DatabaseUnavailable),
)
async def staff_get_plan(admin: Reader, db: Db, plan_id: UUID) -> StaffPlanDetail:
    """A plan of any status, with its newest versions."""
    return await staff_service.get_plan(db, admin, plan_id)


@router.get(
    "/admin/{plan_id}/versions",
    summary="Versions of a plan (staff)",
    response_model=Page[PlanVersionOut],
    responses=errors(*SCOPED_ERRORS, PlanNotFound, ValidationFailed, CursorInvalid, DatabaseUnavailable),
)
async def staff_list_versions(admin: Reader, db: Db, plan_id: UUID, page: Paging) -> Page[PlanVersionOut]:
    """What the plan was at each version, since when and by whom; the newest first."""
    return await staff_service.list_versions(db, admin, plan_id, page)


@router.post(
    "",
    summary="Add a plan (staff)",
    status_code=201,
    response_model=StaffPlanOut,
    responses=errors(*SCOPED_ERRORS, StepUpRequired, OperatorOutOfScope, PlanAlreadyExists, *_BODY),
)
async def create_plan(admin: Creator, db: Db, command: PlanCreate) -> StaffPlanOut:
    """A new plan, a draft unless `status` says otherwise. Needs step-up."""
    return await staff_service.create(db, admin, command)


@router.patch(
    "/{plan_id}",
    summary="Change a plan (staff)",
    response_model=PlanUpdated,
    responses=errors(
        *SCOPED_ERRORS,
        StepUpRequired,
        OperatorOutOfScope,
        PlanNotFound,
        ResourceChanged,
        PlanStatusNotAllowed,
        PlanAlreadyExists,
        *_BODY,
    ),
)
async def update_plan(
    admin: Editor, db: Db, plan_id: UUID, command: PlanUpdate, if_match: IfMatch = None
) -> PlanUpdated:
    """Change any part of a plan. What is sold under new terms is a new version; what was sold keeps the old ones.

    A draft is published with `status: active`, at once or at `active_from`; a published plan is taken off sale with
    `inactive` and never becomes a draft again. Every process sells the new terms within a second of this answer. Needs step-up.
    """
    return await staff_service.update(db, admin, plan_id, command, if_match=if_match)


@router.delete(
    "/{plan_id}",
    summary="Delete a draft (staff)",
    status_code=204,
    responses=errors(
        *SCOPED_ERRORS, PlanNotFound, PlanAlreadyPublished, ValidationFailed, DatabaseUnavailable
    ),
)
async def delete_plan(admin: Deleter, db: Db, plan_id: UUID) -> None:
    """Only a draft, which was never sold; set any other plan inactive with PATCH."""
    await staff_service.delete(db, admin, plan_id)


@router.get(
    "/groups/admin",
    summary="All plan groups (staff)",
    response_model=Page[StaffPlanGroupOut],
    responses=errors(*SCOPED_ERRORS, ValidationFailed, CursorInvalid, DatabaseUnavailable),
)
async def staff_list_groups(
    admin: GroupReader, db: Db, query: Annotated[PageParams, Query()]
) -> Page[StaffPlanGroupOut]:
    """The groups with how many plans of each status they hold in your scope."""
    return await groups.list_all(db, admin, query)


@router.post(
    "/groups",
    summary="Add a plan group (staff)",
    status_code=201,
    response_model=StaffPlanGroupOut,
    responses=errors(*ADMIN_ERRORS, PlanGroupAlreadyExists, *_BODY),
)
async def create_group(admin: GroupCreator, db: Db, command: PlanGroupCreate) -> StaffPlanGroupOut:
    """A new group; it is shown to customers at once."""
    del admin
    return await groups.create(db, command)


@router.patch(
    "/groups/{group_id}",
    summary="Change a plan group (staff)",
    response_model=StaffPlanGroupOut,
    responses=errors(*ADMIN_ERRORS, PlanGroupNotFound, ResourceChanged, PlanGroupAlreadyExists, *_BODY),
)
async def update_group(
    admin: GroupEditor, db: Db, group_id: UUID, command: PlanGroupUpdate, if_match: IfMatch = None
) -> StaffPlanGroupOut:
    """Name, description, place in the order."""
    del admin
    return await groups.update(db, group_id, command, if_match=if_match)


@router.delete(
    "/groups/{group_id}",
    summary="Delete a plan group (staff)",
    status_code=204,
    responses=errors(*ADMIN_ERRORS, PlanGroupNotFound, PlanGroupInUse, ValidationFailed, DatabaseUnavailable),
)
async def delete_group(admin: GroupDeleter, db: Db, group_id: UUID) -> None:
    """Only an empty one."""
    del admin
    await groups.delete(db, group_id)
