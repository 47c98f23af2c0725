"""The second factor of admins, and other people's sessions, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Query, Response

from gencharge.admins.errors import AdminBlocked, AdminNotFound, OwnAccount, RankTooLow
from gencharge.auth import second_factor_service as second_factor
from gencharge.auth import staff_service
from gencharge.auth.context import Desk
from gencharge.auth.errors import (
    AuthenticatorCodeRequired,
    OtpLimitExceeded,
    OtpLocked,
    OtpTooSoon,
    SecondFactorInvalid,
    SecondFactorLocked,
    SecondFactorNotFound,
    SecondFactorNotRemovable,
    SecondFactorNotSetUp,
    SecondFactorNotUsable,
    SecondFactorSetupNotStarted,
    SignInSuspended,
    SignInUnavailable,
)
from gencharge.auth.schemas import CodeSent, SessionsEnded
from gencharge.auth.staff_schemas import (
    AdminFactorStatus,
    ConfirmFactor,
    FactorGiven,
    FactorPrepared,
    FactorSet,
    FactorStatus,
    RecoveryCodesOut,
    StaffSessionPage,
    StaffSessionQuery,
    VerifyFactor,
)
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.http.web import errors, reply
from gencharge.core.postgres.database import Db
from gencharge.sessions.errors import AdminsOnly, SecondFactorRequired, SessionNotFound, StepUpRequired
from gencharge.sessions.guards import (
    ADMIN_ERRORS,
    SIGNED_IN_ERRORS,
    STEP_UP_ERRORS,
    Action,
    EnteringAdmin,
    Principal,
    Requires,
    Resource,
    SteppedUpAdmin,
)
from gencharge.users.errors import UserNotFound

router = web.router("auth")
of_admins = web.router("admins")
of_sessions = web.router("sessions")

AtDesk = Annotated[Desk, Depends(Desk.get)]
AdminReader = Annotated[Principal, Depends(Requires(Resource.ADMINS, Action.READ))]
AdminEditor = Annotated[Principal, Depends(Requires(Resource.ADMINS, Action.EDIT, step_up=True))]
SessionReader = Annotated[Principal, Depends(Requires(Resource.SESSIONS, Action.READ))]
SessionDeleter = Annotated[Principal, Depends(Requires(Resource.SESSIONS, Action.DELETE))]

_FACTOR: Final = "/second-factor"
_ENTERING: Final = (*SIGNED_IN_ERRORS, AdminsOnly, DatabaseUnavailable)
_STEPPED_UP: Final = (*_ENTERING, SecondFactorRequired, StepUpRequired)
_GIVING: Final = (SecondFactorInvalid, SecondFactorLocked, MalformedJson, ValidationFailed)
_OWNER: Final = (*ADMIN_ERRORS, UserNotFound, OwnAccount, RankTooLow, ValidationFailed, DatabaseUnavailable)
_UNCACHED: Final = {"Cache-Control": "no-store"}


@router.get(_FACTOR, summary="My second factor", response_model=FactorStatus, responses=errors(*_ENTERING))
async def show_second_factor(db: Db, desk: AtDesk, me: EnteringAdmin) -> FactorStatus:
    """Whether I have one, whether I must, and when this session gave it."""
    return await second_factor.status(db, desk, me)


@router.post(
    f"{_FACTOR}/setup",
    summary="Set up an authenticator app",
    response_model=FactorPrepared,
    responses=errors(*_ENTERING, StepUpRequired, AdminNotFound, SecondFactorSetupNotStarted),
)
async def set_up_second_factor(desk: AtDesk, me: EnteringAdmin) -> Response:
    """A secret for an authenticator app (TOTP, RFC 6238). In force once its first code is confirmed.

    Where there is one in force already, it must have been given just now.
    """
    prepared = await second_factor.prepare(desk, me)
    return reply(FactorPrepared(secret=prepared.secret, uri=prepared.uri), headers=_UNCACHED)


@router.post(
    f"{_FACTOR}/confirm",
    summary="Put the authenticator app in force",
    response_model=FactorSet,
    responses=errors(*_ENTERING, *_GIVING, SecondFactorSetupNotStarted, StepUpRequired),
)
async def confirm_second_factor(body: ConfirmFactor, desk: AtDesk, me: EnteringAdmin) -> Response:
    """Give the app's first code: the answer has ten recovery codes, shown this once. My other sessions end."""
    given = await second_factor.confirm(desk, me, body.code)
    answer = FactorSet(**_fields(desk, given), recovery_codes=list(given.recovery_codes))
    return reply(answer, headers=_UNCACHED)


@router.post(
    f"{_FACTOR}/otp",
    summary="Get a code by message",
    response_model=CodeSent,
    responses=errors(
        *_ENTERING,
        AuthenticatorCodeRequired,
        AdminNotFound,
        AdminBlocked,
        OtpTooSoon,
        OtpLimitExceeded,
        OtpLocked,
        SignInSuspended,
        SignInUnavailable,
    ),
)
async def send_step_up_otp(desk: AtDesk, me: EnteringAdmin) -> Response:
    """For an admin who has no authenticator app, where none is required: send a code to confirm who I am."""
    headers = await second_factor.send_otp(desk, me)
    settings = desk.settings
    answer = CodeSent(
        message="We have sent a code to your number.",
        expires_in_seconds=round(settings.otp_expire_minutes * 60),
        resend_after_seconds=settings.otp_resend_seconds,
    )
    return reply(answer, headers=headers)


@router.post(
    f"{_FACTOR}/verify",
    summary="Give my second factor",
    response_model=FactorGiven,
    responses=errors(
        *_ENTERING,
        *_GIVING,
        SecondFactorNotSetUp,
        SecondFactorNotUsable,
        AuthenticatorCodeRequired,
        AdminNotFound,
        AdminBlocked,
        OtpLocked,
        SignInSuspended,
        SignInUnavailable,
    ),
)
async def verify_second_factor(body: VerifyFactor, desk: AtDesk, me: EnteringAdmin) -> Response:
    """Give a code of my app, a recovery code, or a code by message: the new access token opens what asks for it."""
    if body.code is not None:
        given = await second_factor.verify(desk, me, body.code)
    elif body.recovery_code is not None:
        given = await second_factor.recover(desk, me, body.recovery_code)
    else:
        given = await second_factor.verify_otp(desk, me, body.otp or "")
    return reply(FactorGiven(**_fields(desk, given)), headers=_UNCACHED)


@router.post(
    f"{_FACTOR}/recovery-codes",
    summary="New recovery codes",
    response_model=RecoveryCodesOut,
    responses=errors(*_STEPPED_UP, SecondFactorNotSetUp, SecondFactorLocked),
)
async def renew_recovery_codes(db: Db, me: SteppedUpAdmin) -> Response:
    """Ten new recovery codes, shown this once. The old ones are good for nothing."""
    codes = await second_factor.renew_recovery_codes(db, me)
    return reply(RecoveryCodesOut(recovery_codes=codes), headers=_UNCACHED)


@router.delete(
    _FACTOR,
    summary="Take my second factor off",
    status_code=204,
    responses=errors(*_STEPPED_UP, SecondFactorNotRemovable, SecondFactorNotSetUp, SecondFactorLocked),
)
async def remove_second_factor(db: Db, desk: AtDesk, me: SteppedUpAdmin) -> None:
    """Go without a second factor, where that is allowed."""
    await second_factor.remove(db, desk, me)


@of_admins.get(
    "/{admin_id}/second-factor",
    summary="An admin's second factor",
    responses=errors(*ADMIN_ERRORS, AdminNotFound, ValidationFailed, DatabaseUnavailable),
)
async def show_second_factor_of(admin_id: UUID, db: Db, admin: AdminReader) -> AdminFactorStatus:
    """Whether an admin has a second factor; never the secret."""
    return await second_factor.status_of(db, admin_id)


@of_admins.delete(
    "/{admin_id}/second-factor",
    summary="Take an admin's second factor off",
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
async def reset_second_factor_of(admin_id: UUID, db: Db, admin: AdminEditor) -> None:
    """For an admin who lost phone and recovery codes. Their sessions end."""
    await second_factor.reset(db, admin.user_id, admin_id)


@of_sessions.get("", summary="Somebody's sessions", responses=errors(*_OWNER, CursorInvalid))
async def list_sessions_of(
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
async def end_session_of(owner_id: UUID, session_id: UUID, db: Db, admin: SessionDeleter) -> None:
    """End a session of a user or an admin: its tokens are refused everywhere within a second."""
    await staff_service.end_one(db, admin.user_id, owner_id, session_id)


@of_sessions.delete("/{owner_id}", summary="End all of somebody's sessions", responses=errors(*_OWNER))
async def end_sessions_of(owner_id: UUID, db: Db, admin: SessionDeleter) -> SessionsEnded:
    """End all sessions of a user or an admin."""
    return SessionsEnded(ended=await staff_service.end_all(db, admin.user_id, owner_id))


def _fields(desk: Desk, given: second_factor.Given) -> dict[str, Any]:
    return {
        "access_token": given.access_token,
        "expires_in": desk.gate.keys.lifetime_seconds,
        "second_factor_at": given.given_at,
        "recovery_codes_left": given.recovery_codes_left,
    }
