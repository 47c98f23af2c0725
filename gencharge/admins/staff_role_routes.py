"""`/roles`: what the staff may do."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from gencharge.admins import role_service
from gencharge.admins.errors import (
    OwnRole,
    PermissionNotFound,
    PermissionNotHeld,
    RankTooLow,
    RoleAlreadyExists,
    RoleInUse,
    RoleNotFound,
    RoleProtected,
)
from gencharge.admins.staff_schemas import PermissionGroupPage, RoleOut, RolePage, RoleWrite
from gencharge.approvals.errors import ApprovalAlreadyPending
from gencharge.approvals.service import WAITING, ApprovalOut, waiting
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.etags import IfMatch, ResourceChanged
from gencharge.core.http.paging import CursorInvalid, PageParams
from gencharge.core.postgres.database import Db
from gencharge.sessions.guards import (
    ADMIN_ERRORS,
    STEP_UP_ERRORS,
    Action,
    Principal,
    Requires,
    Resource,
)

router = web.router("roles")
RoleReader = Annotated[Principal, Depends(Requires(Resource.ROLES, Action.READ))]
RoleWriter = Annotated[Principal, Depends(Requires(Resource.ROLES, Action.WRITE, step_up=True))]
RoleEditor = Annotated[Principal, Depends(Requires(Resource.ROLES, Action.EDIT, step_up=True))]
RoleDeleter = Annotated[Principal, Depends(Requires(Resource.ROLES, Action.DELETE, step_up=True))]


@router.get(
    "",
    summary="Roles",
    responses=web.errors(*ADMIN_ERRORS, CursorInvalid, ValidationFailed, DatabaseUnavailable),
)
async def list_roles(db: Db, admin: RoleReader, query: Annotated[PageParams, Query()]) -> RolePage:
    """The roles by name, with what each allows."""
    return await role_service.list_roles(db, query)


@router.get(
    "/permissions",
    summary="All that roles can allow",
    responses=web.errors(*ADMIN_ERRORS, CursorInvalid, ValidationFailed),
)
async def list_permissions(admin: RoleReader, query: Annotated[PageParams, Query()]) -> PermissionGroupPage:
    """Every permission, by resource, with a sentence."""
    return role_service.list_permissions(query)


@router.get(
    "/{role_id}",
    summary="One role",
    responses=web.errors(*ADMIN_ERRORS, RoleNotFound, ValidationFailed, DatabaseUnavailable),
)
async def get_role(role_id: UUID, db: Db, admin: RoleReader) -> RoleOut:
    """A role and what it allows."""
    return await role_service.show_role(db, role_id)


@router.post(
    "",
    summary="Make a role",
    status_code=201,
    response_model=RoleOut,
    responses=WAITING
    | web.errors(
        *STEP_UP_ERRORS,
        PermissionNotFound,
        PermissionNotHeld,
        RoleAlreadyExists,
        ApprovalAlreadyPending,
        MalformedJson,
        ValidationFailed,
        DatabaseUnavailable,
    ),
)
async def create_role(body: RoleWrite, db: Db, admin: RoleWriter) -> RoleOut | Response:
    """A new role. You can't add a permission that you don't have.

    If it allows to move money or to grant rights, a second admin must approve it: 202.
    """
    answer = await role_service.create_role(
        db,
        admin.user_id,
        name=body.name,
        description=body.description,
        permissions=body.permissions,
        reason=body.reason,
    )
    return waiting(answer) if isinstance(answer, ApprovalOut) else answer


@router.put(
    "/{role_id}",
    summary="Replace a role",
    response_model=RoleOut,
    responses=WAITING
    | web.errors(
        *STEP_UP_ERRORS,
        RoleNotFound,
        ResourceChanged,
        PermissionNotFound,
        RoleProtected,
        OwnRole,
        RankTooLow,
        PermissionNotHeld,
        RoleAlreadyExists,
        ApprovalAlreadyPending,
        MalformedJson,
        ValidationFailed,
        DatabaseUnavailable,
    ),
)
async def replace_role(
    role_id: UUID, body: RoleWrite, db: Db, admin: RoleEditor, if_match: IfMatch = None
) -> RoleOut | Response:
    """Replace a role's permissions. They apply within a second; the admins stay signed in.

    A new name ends the sessions of those who have the role. If it then allows to move money or to grant rights in more ways,
    a second admin must approve the change: 202.
    """
    answer = await role_service.replace_role(
        db,
        admin.user_id,
        role_id,
        name=body.name,
        description=body.description,
        permissions=body.permissions,
        reason=body.reason,
        if_match=if_match,
    )
    return waiting(answer) if isinstance(answer, ApprovalOut) else answer


@router.delete(
    "/{role_id}",
    summary="Delete a role",
    status_code=204,
    responses=web.errors(
        *STEP_UP_ERRORS,
        RoleNotFound,
        RoleProtected,
        RankTooLow,
        RoleInUse,
        ValidationFailed,
        DatabaseUnavailable,
    ),
)
async def delete_role(role_id: UUID, db: Db, admin: RoleDeleter) -> None:
    """Delete a role without admins. Needs step-up."""
    await role_service.delete_role(db, admin.user_id, role_id)
