"""`/admins`: the staff."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query, Response

from gencharge.admins import contact_service as contacts
from gencharge.admins import service
from gencharge.admins import staff_service as staff
from gencharge.admins.errors import (
    AdminAlreadyArchived,
    AdminBlocked,
    AdminNotActive,
    AdminNotBlocked,
    AdminNotFound,
    LastSuperAdmin,
    OwnAccount,
    PermissionNotHeld,
    RankTooLow,
    RoleNotFound,
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
    RoleGrant,
)
from gencharge.approvals.errors import ApprovalAlreadyPending
from gencharge.approvals.service import WAITING, ApprovalOut, waiting
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed, field_problem
from gencharge.core.http import web
from gencharge.core.http.etags import IfMatch, ResourceChanged
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db
from gencharge.core.wording import worded
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

AdminReader = Annotated[Principal, Depends(Requires(Resource.ADMINS, Action.READ))]
AdminDeleter = Annotated[Principal, Depends(Requires(Resource.ADMINS, Action.DELETE, step_up=True))]
Appointer = Annotated[Principal, Depends(Requires(Resource.ADMINS, Action.WRITE, step_up=True))]
Granter = Annotated[Principal, Depends(Requires(Resource.ADMINS, Action.EDIT, step_up=True))]

_OWN_ERRORS: Final = (*SIGNED_IN_ERRORS, AdminsOnly, SecondFactorRequired, DatabaseUnavailable)
_ONE: Final = (AdminNotFound, ValidationFailed, DatabaseUnavailable)
_OTHER: Final = (*_ONE, ResourceChanged, OwnAccount, AdminAlreadyArchived, RankTooLow)
_GRANT: Final = (
    RoleNotFound,
    PermissionNotHeld,
    OperatorOutOfScope,
    OperatorInvalid,
    ApprovalAlreadyPending,
)


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
    """Change my name, the language of my notices, or how I am told of new subscriptions.

    My number, role and operators are for another admin to change.
    """
    return await service.update_profile(
        db,
        admin.user_id,
        name=body.name,
        language=body.language,
        subscription_notices=body.subscription_notices,
        if_match=if_match,
    )


@router.get(
    "",
    summary="Admins",
    responses=web.errors(*ADMIN_ERRORS, CursorInvalid, ValidationFailed, DatabaseUnavailable),
)
async def list_admins(db: Db, admin: AdminReader, query: Annotated[AdminQuery, Query()]) -> AdminPage:
    """The staff, the newest first, those who left included unless `status` says otherwise."""
    return await service.list_admins(db, query)


@router.post(
    "",
    summary="Make an admin",
    status_code=201,
    response_model=AdminOut,
    responses=WAITING
    | web.errors(
        *STEP_UP_ERRORS,
        *_GRANT,
        PhoneNumberAlreadyExists,
        EmailAlreadyExists,
        MalformedJson,
        ValidationFailed,
        DatabaseUnavailable,
    ),
)
async def create_admin(
    body: AdminCreate, db: Db, admin: Appointer, operators: CurrentOperators
) -> AdminOut | Response:
    """A new admin, who signs in with the number. You can't grant a role that allows more than your own.

    A role that allows to move money or to grant rights takes a second admin: 202.
    """
    answer = await staff.appoint(
        db,
        admin.user_id,
        name=body.name,
        email=body.email,
        phone_number=body.phone_number,
        role=body.role,
        operator_scope=_codes(operators, body.operator_scope),
        reason=body.reason,
    )
    return waiting(answer) if isinstance(answer, ApprovalOut) else answer


@router.get("/{admin_id}", summary="One admin", responses=web.errors(*ADMIN_ERRORS, *_ONE))
async def get_admin(admin_id: UUID, db: Db, admin: AdminReader) -> AdminDetail:
    """An admin, and what the role allows."""
    return await service.show(db, admin_id)


@router.patch(
    "/{admin_id}",
    summary="Change an admin's account",
    response_model=AdminOut,
    responses=WAITING
    | web.errors(
        *STEP_UP_ERRORS,
        *_OTHER,
        PhoneNumberAlreadyExists,
        EmailAlreadyExists,
        ApprovalAlreadyPending,
        MalformedJson,
    ),
)
async def update_admin(
    admin_id: UUID, body: AdminUpdate, db: Db, admin: Granter, if_match: IfMatch = None
) -> AdminOut | Response:
    """Change name, e-mail address or number. A new number or address takes a second admin (202), because sign-in codes go
    there. Then a new number ends the admin's sessions, no code goes to a new address for a day, and the old number and
    address are told. Needs step-up."""
    answer = await contacts.update(
        db,
        admin.user_id,
        admin_id,
        name=body.name,
        email=body.email,
        phone_number=body.phone_number,
        reason=body.reason,
        if_match=if_match,
    )
    return waiting(answer) if isinstance(answer, ApprovalOut) else answer


@router.put(
    "/{admin_id}/role",
    summary="Give an admin a role",
    response_model=AdminOut,
    responses=WAITING | web.errors(*STEP_UP_ERRORS, *_OTHER, *_GRANT, LastSuperAdmin, MalformedJson),
)
async def assign_role(
    admin_id: UUID,
    body: RoleGrant,
    db: Db,
    admin: Granter,
    operators: CurrentOperators,
    if_match: IfMatch = None,
) -> AdminOut | Response:
    """Replace role and operators, and end the admin's sessions: within a second no old token works.

    It takes a second admin (202) if the admin may then move money or grant rights in more ways, or for more operators.
    """
    answer = await staff.assign_role(
        db,
        admin.user_id,
        admin_id,
        role=body.role,
        operator_scope=_codes(operators, body.operator_scope),
        reason=body.reason,
        if_match=if_match,
    )
    return waiting(answer) if isinstance(answer, ApprovalOut) else answer


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
            f"body.operator_scope.{number}",
            worded("Must be one of: {choices}", choices=sorted(known)),
            "operator_invalid",
        )
        for number, code in enumerate(scope)
        if code.upper() not in known
    ]
    if wrong:
        raise OperatorInvalid(errors=wrong)
    return sorted({code.upper() for code in scope})
