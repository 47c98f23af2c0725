"""`/auth/second-factor`: what an admin does with their own second factor."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Response

from gencharge.admins.errors import AdminBlocked, AdminNotFound
from gencharge.auth import second_factor_service as second_factor
from gencharge.auth.context import AuthContext
from gencharge.auth.errors import (
    AuthenticatorCodeRequired,
    OtpLimitExceeded,
    OtpLocked,
    OtpTooSoon,
    SecondFactorInvalid,
    SecondFactorLocked,
    SecondFactorNotRemovable,
    SecondFactorNotSetUp,
    SecondFactorNotUsable,
    SecondFactorSetupNotStarted,
    SignInSuspended,
    SignInUnavailable,
)
from gencharge.auth.schemas import CodeSent
from gencharge.auth.second_factor_schemas import (
    ConfirmSecondFactor,
    RecoveryCodesOut,
    SecondFactorConfirmed,
    SecondFactorOut,
    SecondFactorSetupOut,
    StepUpOut,
    VerifySecondFactor,
)
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.web import errors, reply
from gencharge.core.postgres.database import Db
from gencharge.sessions.errors import AdminsOnly, SecondFactorRequired, StepUpRequired
from gencharge.sessions.guards import (
    SIGNED_IN_ERRORS,
    PartlySignedInAdmin,
    SteppedUpAdmin,
)

router = web.router("auth")

CurrentContext = Annotated[AuthContext, Depends(AuthContext.get)]

_FACTOR: Final = "/second-factor"
_PARTLY_SIGNED_IN: Final = (*SIGNED_IN_ERRORS, AdminsOnly, DatabaseUnavailable)
_STEPPED_UP: Final = (*_PARTLY_SIGNED_IN, SecondFactorRequired, StepUpRequired)
_VERIFYING: Final = (SecondFactorInvalid, SecondFactorLocked, MalformedJson, ValidationFailed)
_UNCACHED: Final = {"Cache-Control": "no-store"}


@router.get(
    _FACTOR, summary="My second factor", response_model=SecondFactorOut, responses=errors(*_PARTLY_SIGNED_IN)
)
async def get_second_factor(db: Db, context: CurrentContext, admin: PartlySignedInAdmin) -> SecondFactorOut:
    """Whether I have one, whether I must, and when this session last verified it."""
    return await second_factor.status(db, context, admin)


@router.post(
    f"{_FACTOR}/setup",
    summary="Set up an authenticator app",
    response_model=SecondFactorSetupOut,
    responses=errors(*_PARTLY_SIGNED_IN, StepUpRequired, AdminNotFound, SecondFactorSetupNotStarted),
)
async def set_up_second_factor(context: CurrentContext, admin: PartlySignedInAdmin) -> Response:
    """A secret for an authenticator app (TOTP, RFC 6238). Active once its first code is confirmed.

    To replace an active one, verify it again first.
    """
    prepared = await second_factor.prepare(context, admin)
    return reply(SecondFactorSetupOut(secret=prepared.secret, uri=prepared.uri), headers=_UNCACHED)


@router.post(
    f"{_FACTOR}/confirm",
    summary="Activate the authenticator app",
    response_model=SecondFactorConfirmed,
    responses=errors(*_PARTLY_SIGNED_IN, *_VERIFYING, SecondFactorSetupNotStarted, StepUpRequired),
)
async def confirm_second_factor(
    body: ConfirmSecondFactor, context: CurrentContext, admin: PartlySignedInAdmin
) -> Response:
    """Send the app's first code: the answer has ten recovery codes, shown this once. My other sessions end."""
    verified = await second_factor.confirm(context, admin, body.code)
    answer = SecondFactorConfirmed(**_fields(context, verified), recovery_codes=list(verified.recovery_codes))
    return reply(answer, headers=_UNCACHED)


@router.post(
    f"{_FACTOR}/otp",
    summary="Get a code by message",
    response_model=CodeSent,
    responses=errors(
        *_PARTLY_SIGNED_IN,
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
async def send_step_up_otp(context: CurrentContext, admin: PartlySignedInAdmin) -> Response:
    """For an admin without an authenticator app, if none is required: send a code to confirm who I am."""
    sent = await second_factor.send_otp(context, admin)
    settings = context.settings
    answer = CodeSent(
        message="We have sent a code to your number.",
        challenge_id=sent.challenge_id,
        expires_in_seconds=round(settings.otp_expire_minutes * 60),
        resend_after_seconds=sent.resend_after_seconds,
    )
    return reply(answer, headers={**sent.headers, **_UNCACHED})


@router.post(
    f"{_FACTOR}/verify",
    summary="Verify my second factor",
    response_model=StepUpOut,
    responses=errors(
        *_PARTLY_SIGNED_IN,
        *_VERIFYING,
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
async def verify_second_factor(
    body: VerifySecondFactor, context: CurrentContext, admin: PartlySignedInAdmin
) -> Response:
    """Send a code of my app, a recovery code, or a code that I got by message. The new access token opens the actions that
    need a second factor."""
    if body.code is not None:
        verified = await second_factor.verify(context, admin, body.code)
    elif body.recovery_code is not None:
        verified = await second_factor.recover(context, admin, body.recovery_code)
    else:
        verified = await second_factor.verify_otp(context, admin, body.challenge_id or "", body.otp or "")
    return reply(StepUpOut(**_fields(context, verified)), headers=_UNCACHED)


@router.post(
    f"{_FACTOR}/recovery-codes",
    summary="New recovery codes",
    response_model=RecoveryCodesOut,
    responses=errors(*_STEPPED_UP, SecondFactorNotSetUp, SecondFactorLocked),
)
async def renew_recovery_codes(db: Db, admin: SteppedUpAdmin) -> Response:
    """Ten new recovery codes, shown this once. The old ones are no longer valid."""
    codes = await second_factor.renew_recovery_codes(db, admin)
    return reply(RecoveryCodesOut(recovery_codes=codes), headers=_UNCACHED)


@router.delete(
    _FACTOR,
    summary="Remove my second factor",
    status_code=204,
    responses=errors(*_STEPPED_UP, SecondFactorNotRemovable, SecondFactorNotSetUp, SecondFactorLocked),
)
async def delete_second_factor(db: Db, context: CurrentContext, admin: SteppedUpAdmin) -> None:
    """Go without a second factor, if that is allowed."""
    await second_factor.remove(db, context, admin)


def _fields(context: AuthContext, verified: second_factor.VerifiedFactor) -> dict[str, Any]:
    return {
        "access_token": verified.access_token,
        "expires_in": context.gate.keys.lifetime_seconds,
        "second_factor_at": verified.given_at,
        "recovery_codes_left": verified.recovery_codes_left,
    }
