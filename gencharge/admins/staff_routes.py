"""`/admins` and `/roles`: the staff, and what they may do."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query

from gencharge.admins import role_service, service
from gencharge.admins import staff_service as staff
from gencharge.admins.errors import (
    AdminAlreadyArchived,
    AdminBlocked,
    AdminNotActive,
    AdminNotBlocked,
    AdminNotFound,
    LastSuperAdmin,
    OwnAccount,
    OwnRole,
    PermissionNotFound,
    PermissionNotHeld,
    RankTooLow,
    RoleAlreadyExists,
    RoleInUse,
    RoleNotFound,
    RoleProtected,
)
from gencharge.admins.staff_schemas import (
    AdminCreate,
    AdminDetail,
    AdminOut,
    AdminPage,
    AdminProfileUpdate,
    AdminQuery,
    AdminUpdate,
    BlockAdmin,
    PermissionGroupPage,
    RoleGrant,
    RoleOut,
    RolePage,
    RoleWrite,
)
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed, field_problem
from gencharge.core.http import web
from gencharge.core.http.etags import IfMatch, ResourceChanged
from gencharge.core.http.paging import CursorInvalid, PageParams
from gencharge.core.postgres.database import Db
from gencharge.directory.errors import EmailAlreadyExists, PhoneNumberAlreadyExists
from gencharge.operators.errors import OperatorInvalid
from gencharge.operators.service import CurrentOperators, OperatorsSnapshot
from gencharge.sessions.errors import AdminsOnly, OperatorOutOfScope, SecondFactorRequired
from gencharge.sessions.guards import (
    ADMIN_ERRORS,
    SIGNED_IN_ERRORS,
    STEP_UP_ERRORS,
    Action,
    Principal,
    Requires,
    Resource,
    SignedInAdmin,
)

router = web.router("admins")
roles = web.router("roles")

AdminReader = Annotated[Principal, Depends(Requires(Resource.ADMINS, Action.READ))]
AdminDeleter = Annotated[Principal, Depends(Requires(Resource.ADMINS, Action.DELETE, step_up=True))]
Appointer = Annotated[Principal, Depends(Requires(Resource.ADMINS, Action.WRITE, step_up=True))]
Granter = Annotated[Principal, Depends(Requires(Resource.ADMINS, Action.EDIT, step_up=True))]
RoleReader = Annotated[Principal, Depends(Requires(Resource.ROLES, Action.READ))]
RoleWriter = Annotated[Principal, Depends(Requires(Resource.ROLES, Action.WRITE, step_up=True))]
RoleEditor = Annotated[Principal, Depends(Requires(Resource.ROLES, Action.EDIT, step_up=True))]
RoleDeleter = Annotated[Principal, Depends(Requires(Resource.ROLES, Action.DELETE, step_up=True))]

_OWN_ERRORS: Final = (*SIGNED_IN_ERRORS, AdminsOnly, SecondFactorRequired, DatabaseUnavailable)
_ONE: Final = (AdminNotFound, ValidationFailed, DatabaseUnavailable)
_OTHER: Final = (*_ONE, ResourceChanged, OwnAccount, AdminAlreadyArchived, RankTooLow)
_GRANT: Final = (RoleNotFound, PermissionNotHeld, OperatorOutOfScope, OperatorInvalid)


@router.get("/me", summary="Who am I?", responses=web.errors(*_OWN_ERRORS, AdminNotFound))
async def get_me(db: Db, admin: SignedInAdmin) -> AdminDetail:
    """My account, my role, my operators, and what I may do."""
    return await service.show(db, admin.user_id)


@router.patch(
    "/me",
    summary="Change my account",
    responses=web.errors(
        *_OWN_ERRORS,
        AdminNotFound,
        ResourceChanged,
        AdminBlocked,
        MalformedJson,
        ValidationFailed,
    ),
)
async def update_me(
    body: AdminProfileUpdate, db: Db, admin: SignedInAdmin, if_match: IfMatch = None
) -> AdminDetail:
    """Change my name. My number, role and operators are for another admin to change."""
    return await service.rename(db, admin.user_id, body.name, if_match=if_match)


@router.get(
    "",
    summary="Admins",
    responses=web.errors(*ADMIN_ERRORS, RoleNotFound, CursorInvalid, ValidationFailed, DatabaseUnavailable),
)
async def list_admins(db: Db, admin: AdminReader, query: Annotated[AdminQuery, Query()]) -> AdminPage:
    """The staff, the newest first, those who left included unless `status` says otherwise."""
    return await service.list_admins(db, query)


@router.post(
    "",
    summary="Make an admin",
    status_code=201,
    responses=web.errors(
        *STEP_UP_ERRORS,
        *_GRANT,
        PhoneNumberAlreadyExists,
        EmailAlreadyExists,
        MalformedJson,
        ValidationFailed,
        DatabaseUnavailable,
    ),
)
async def create_admin(body: AdminCreate, db: Db, admin: Appointer, operators: CurrentOperators) -> AdminOut:
    """A new admin, who signs in with the number. You can't grant a role that allows more than your own."""
    return await staff.appoint(
        db,
        admin.user_id,
        name=body.name,
        email=body.email,
        phone_number=body.phone_number,
        role=body.role,
        operator_scope=_codes(operators, body.operator_scope),
    )


@router.get("/{admin_id}", summary="One admin", responses=web.errors(*ADMIN_ERRORS, *_ONE))
async def get_admin(admin_id: UUID, db: Db, admin: AdminReader) -> AdminDetail:
    """An admin, and what the role allows."""
    return await service.show(db, admin_id)


@router.patch(
    "/{admin_id}",
    summary="Change an admin's account",
    responses=web.errors(
        *STEP_UP_ERRORS, *_OTHER, PhoneNumberAlreadyExists, EmailAlreadyExists, MalformedJson
    ),
)
async def update_admin(
    admin_id: UUID, body: AdminUpdate, db: Db, admin: Granter, if_match: IfMatch = None
) -> AdminOut:
    """Change name, e-mail address or number. A new number ends the admin's sessions. No code goes to a new address for a
    day. The old number and address are told. Needs step-up."""
    return await staff.update(
        db,
        admin.user_id,
        admin_id,
        name=body.name,
        email=body.email,
        phone_number=body.phone_number,
        if_match=if_match,
    )


@router.put(
    "/{admin_id}/role",
    summary="Give an admin a role",
    responses=web.errors(*STEP_UP_ERRORS, *_OTHER, *_GRANT, LastSuperAdmin, MalformedJson),
)
async def assign_role(
    admin_id: UUID,
    body: RoleGrant,
    db: Db,
    admin: Granter,
    operators: CurrentOperators,
    if_match: IfMatch = None,
) -> AdminOut:
    """Replace role and operators, and end the admin's sessions: within a second no old token works."""
    return await staff.assign_role(
        db,
        admin.user_id,
        admin_id,
        role=body.role,
        operator_scope=_codes(operators, body.operator_scope),
        if_match=if_match,
    )


@router.post(
    "/{admin_id}/block",
    summary="Block an admin",
    responses=web.errors(*STEP_UP_ERRORS, *_OTHER, AdminNotActive, LastSuperAdmin, MalformedJson),
)
async def block_admin(
    admin_id: UUID, body: BlockAdmin, db: Db, admin: Granter, if_match: IfMatch = None
) -> AdminOut:
    """Block an admin: all of their tokens are refused within a second. Needs step-up."""
    return await staff.block(db, admin.user_id, admin_id, reason=body.reason, if_match=if_match)


@router.post(
    "/{admin_id}/unblock",
    summary="Unblock an admin",
    responses=web.errors(*STEP_UP_ERRORS, *_OTHER, AdminNotBlocked),
)
async def unblock_admin(admin_id: UUID, db: Db, admin: Granter, if_match: IfMatch = None) -> AdminOut:
    """Unblock a blocked admin. Needs step-up."""
    return await staff.unblock(db, admin.user_id, admin_id, if_match=if_match)


@router.delete(
    "/{admin_id}",
    summary="Archive an admin",
    status_code=204,
    responses=web.errors(*STEP_UP_ERRORS, *_OTHER, LastSuperAdmin),
)
async def archive_admin(admin_id: UUID, db: Db, admin: AdminDeleter) -> None:
    """Archive an admin for good: sessions end, number and e-mail address are free, the entry stays. Needs
    step-up."""
    await staff.archive(db, admin.user_id, admin_id)


def _codes(operators: OperatorsSnapshot, scope: list[str]) -> list[str]:
    """The operators of a scope in capitals, each once, in order. Raises OperatorInvalid, which names the wrong ones."""
    known = operators.operators
    wrong = [
        field_problem(
            f"body.operator_scope.{number}", f"Must be one of: {', '.join(sorted(known))}", "operator_invalid"
        )
        for number, code in enumerate(scope)
        if code.upper() not in known
    ]
    if wrong:
        raise OperatorInvalid(errors=wrong)
    return sorted({code.upper() for code in scope})


@roles.get(
    "",
    summary="Roles",
    responses=web.errors(*ADMIN_ERRORS, CursorInvalid, ValidationFailed, DatabaseUnavailable),
)
async def list_roles(db: Db, admin: RoleReader, query: Annotated[PageParams, Query()]) -> RolePage:
    """The roles by name, with what each allows."""
    return await role_service.list_roles(db, query)


@roles.get(
    "/permissions",
    summary="All that roles can allow",
    responses=web.errors(*ADMIN_ERRORS, CursorInvalid, ValidationFailed),
)
async def list_permissions(admin: RoleReader, query: Annotated[PageParams, Query()]) -> PermissionGroupPage:
    """Every permission, by resource, with a sentence."""
    return role_service.list_permissions(query)


@roles.get(
    "/{role_id}",
    summary="One role",
    responses=web.errors(*ADMIN_ERRORS, RoleNotFound, ValidationFailed, DatabaseUnavailable),
)
async def get_role(role_id: UUID, db: Db, admin: RoleReader) -> RoleOut:
    """A role and what it allows."""
    return await role_service.show_role(db, role_id)


@roles.post(
    "",
    summary="Make a role",
    status_code=201,
    responses=web.errors(
        *STEP_UP_ERRORS,
        PermissionNotFound,
        PermissionNotHeld,
        RoleAlreadyExists,
        MalformedJson,
        ValidationFailed,
        DatabaseUnavailable,
    ),
)
async def create_role(body: RoleWrite, db: Db, admin: RoleWriter) -> RoleOut:
    """A new role. You can't add a permission that you don't have."""
    return await role_service.create_role(
        db, admin.user_id, name=body.name, description=body.description, permissions=body.permissions
    )


@roles.put(
    "/{role_id}",
    summary="Replace a role",
    responses=web.errors(
        *STEP_UP_ERRORS,
        RoleNotFound,
        ResourceChanged,
        PermissionNotFound,
        RoleProtected,
        OwnRole,
        RankTooLow,
        PermissionNotHeld,
        RoleAlreadyExists,
        MalformedJson,
        ValidationFailed,
        DatabaseUnavailable,
    ),
)
async def replace_role(
    role_id: UUID, body: RoleWrite, db: Db, admin: RoleEditor, if_match: IfMatch = None
) -> RoleOut:
    """Replace a role's permissions. They apply within a second; the admins stay signed in.

    A new name ends the sessions of those who have the role.
    """
    return await role_service.replace_role(
        db,
        admin.user_id,
        role_id,
        name=body.name,
        description=body.description,
        permissions=body.permissions,
        if_match=if_match,
    )


@roles.delete(
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
