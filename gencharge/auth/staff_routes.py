"""The second factors and sessions of others, as the staff see and end them."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query

from gencharge.admins.errors import AdminNotFound, OwnAccount, RankTooLow
from gencharge.auth import second_factor_service as second_factor
from gencharge.auth import staff_service
from gencharge.auth.errors import SecondFactorNotFound, SignInNotLocked
from gencharge.auth.schemas import SessionsEnded
from gencharge.auth.staff_schemas import (
    OpenSignIn,
    StaffSecondFactorOut,
    StaffSessionPage,
    StaffSessionQuery,
)
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.http.web import errors
from gencharge.core.postgres.database import Db
from gencharge.sessions.errors import SessionNotFound
from gencharge.sessions.guards import (
    ADMIN_ERRORS,
    STEP_UP_ERRORS,
    Action,
    Principal,
    Requires,
    Resource,
)
from gencharge.users.errors import UserNotFound

of_admins = web.router("admins")
of_sessions = web.router("sessions")
of_users = web.router("users")

AdminReader = Annotated[Principal, Depends(Requires(Resource.ADMINS, Action.READ))]
AdminEditor = Annotated[Principal, Depends(Requires(Resource.ADMINS, Action.EDIT, step_up=True))]
UserEditor = Annotated[Principal, Depends(Requires(Resource.USERS, Action.EDIT, step_up=True))]
SessionReader = Annotated[Principal, Depends(Requires(Resource.SESSIONS, Action.READ))]
SessionDeleter = Annotated[Principal, Depends(Requires(Resource.SESSIONS, Action.DELETE))]

_OPENING: Final = (*STEP_UP_ERRORS, SignInNotLocked, MalformedJson, ValidationFailed, DatabaseUnavailable)
_OWNER: Final = (*ADMIN_ERRORS, UserNotFound, OwnAccount, RankTooLow, ValidationFailed, DatabaseUnavailable)


@of_admins.get(
    "/{admin_id}/second-factor",
    summary="An admin's second factor",
    responses=errors(*ADMIN_ERRORS, AdminNotFound, ValidationFailed, DatabaseUnavailable),
)
async def get_second_factor(admin_id: UUID, db: Db, admin: AdminReader) -> StaffSecondFactorOut:
    """Whether an admin has a second factor; never the secret."""
    return await second_factor.status_of(db, admin_id)


@of_admins.delete(
    "/{admin_id}/second-factor",
    summary="Remove an admin's second factor",
    status_code=204,
    responses=errors(
        *STEP_UP_ERRORS,
        AdminNotFound,
        SecondFactorNotFound,
        OwnAccount,
        RankTooLow,
        ValidationFailed,
        DatabaseUnavailable,
    ),
)
async def reset_second_factor(admin_id: UUID, db: Db, admin: AdminEditor) -> None:
    """For an admin who lost phone and recovery codes. Their sessions end."""
    await second_factor.reset(db, admin.user_id, admin_id)


@of_admins.post(
    "/{admin_id}/open-sign-in",
    summary="Open an admin's sign-in again",
    status_code=204,
    responses=errors(*_OPENING, AdminNotFound, OwnAccount, RankTooLow),
)
async def open_sign_in_admin(admin_id: UUID, body: OpenSignIn, db: Db, admin: AdminEditor) -> None:
    """For an admin whose number is suspended or locked after wrong codes. Needs step-up; the audit trail records it."""
    await staff_service.open_sign_in_of_admin(db, admin.user_id, admin_id, reason=body.reason)


@of_users.post(
    "/{user_id}/open-sign-in",
    summary="Open a customer's sign-in again",
    status_code=204,
    responses=errors(*_OPENING, UserNotFound),
)
async def open_sign_in_user(user_id: UUID, body: OpenSignIn, db: Db, admin: UserEditor) -> None:
    """For a customer whose number is suspended or locked after wrong codes. Needs step-up; the audit trail records it."""
    await staff_service.open_sign_in_of_user(db, user_id, reason=body.reason)


@of_sessions.get("", summary="Somebody's sessions", responses=errors(*_OWNER, CursorInvalid))
async def list_sessions(
    db: Db, admin: SessionReader, query: Annotated[StaffSessionQuery, Query()]
) -> StaffSessionPage:
    """Where a user or an admin is signed in, the newest first; never a token. One's own: `GET /v1/auth/sessions`."""
    return await staff_service.list_of(db, admin.user_id, query.owner_id, query)


@of_sessions.delete(
    "/{owner_id}/{session_id}",
    summary="End one of somebody's sessions",
    status_code=204,
    responses=errors(*_OWNER, SessionNotFound),
)
async def end_session(owner_id: UUID, session_id: UUID, db: Db, admin: SessionDeleter) -> None:
    """End a session of a user or an admin: its tokens are refused everywhere within a second."""
    await staff_service.end_one(db, admin.user_id, owner_id, session_id)


@of_sessions.delete("/{owner_id}", summary="End all of somebody's sessions", responses=errors(*_OWNER))
async def end_all_sessions(owner_id: UUID, db: Db, admin: SessionDeleter) -> SessionsEnded:
    """End all sessions of a user or an admin."""
    return SessionsEnded(ended=await staff_service.end_all(db, admin.user_id, owner_id))
