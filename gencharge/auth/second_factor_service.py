"""The second factor of admins: set up, verified, renewed, removed.

A session verifies it once; an action with step-up needs it verified within STEP_UP_MINUTES. Wrong
codes are counted in PostgreSQL, in a transaction that commits although the answer is a refusal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.admins.errors import AdminNotFound
from gencharge.auth import crud, lockout_service, otp_service, totp
from gencharge.auth.challenges import Purpose
from gencharge.auth.context import AuthContext
from gencharge.auth.errors import (
    AuthenticatorCodeRequired,
    OtpInvalid,
    SecondFactorInvalid,
    SecondFactorNotFound,
    SecondFactorNotRemovable,
    SecondFactorNotSetUp,
    SecondFactorNotUsable,
    SecondFactorSetupNotStarted,
)
from gencharge.auth.events import (
    RecoveryCodesRenewed,
    RecoveryCodeUsed,
    SecondFactorPrepared,
    SecondFactorRemoved,
    SecondFactorSet,
    SecondFactorVerified,
    StepUpCodeSent,
)
from gencharge.auth.lockout_service import Method, about
from gencharge.auth.models import SecondFactor
from gencharge.auth.second_factor_schemas import SecondFactorOut
from gencharge.auth.sources import Source
from gencharge.auth.staff_schemas import StaffSecondFactorOut
from gencharge.core.errors import Problem
from gencharge.core.events.events import emit
from gencharge.core.values import clock
from gencharge.core.vault.errors import DataKeyLost
from gencharge.core.vault.vault import Vault
from gencharge.sessions import service as sessions
from gencharge.sessions.errors import StepUpRequired
from gencharge.sessions.guards import Principal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class VerifiedFactor:
    """A second factor was verified, and the new access token says so. Recovery codes only if there are new ones."""

    access_token: str
    given_at: datetime
    recovery_codes_left: int
    recovery_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PreparedFactor:
    """A secret that is to be confirmed. It is not shown again."""

    secret: str
    uri: str


async def status(db: AsyncSession, context: AuthContext, admin: Principal) -> SecondFactorOut:
    """The state of the admin's own second factor."""
    factor = await crud.get_factor(db, admin.user_id)
    return SecondFactorOut(
        enrolled=factor is not None and factor.confirmed_at is not None,
        confirmed_at=factor.confirmed_at if factor is not None else None,
        locked_until=lockout_service.lock_of(factor),
        recovery_codes_left=await crud.count_recovery_codes(db, admin.user_id),
        required=context.settings.second_factor_required,
        due=admin.second_factor_due,
        given_at=datetime.fromtimestamp(admin.second_factor_at, UTC) if admin.second_factor_at else None,
    )


async def status_of(db: AsyncSession, admin_id: UUID) -> StaffSecondFactorOut:
    """The state of another admin's second factor. Raises AdminNotFound."""
    await admins.get(db, admin_id)
    factor = await crud.get_factor(db, admin_id)
    return StaffSecondFactorOut(
        admin_id=admin_id,
        enrolled=factor is not None and factor.confirmed_at is not None,
        confirmed_at=factor.confirmed_at if factor is not None else None,
        locked_until=lockout_service.lock_of(factor),
        recovery_codes_left=await crud.count_recovery_codes(db, admin_id),
    )


async def prepare(context: AuthContext, admin: Principal) -> PreparedFactor:
    """A new secret, active once a code of it is confirmed. Raises StepUpRequired to replace an active one."""
    secret = totp.new_secret()

    async def unit(db: AsyncSession) -> PreparedFactor:
        account = await admins.get(db, admin.user_id)
        await crud.add_factor_if_missing(db, admin.user_id)
        factor = await crud.lock_factor(db, admin.user_id)
        if factor is None:
            raise SecondFactorSetupNotStarted  # removed at the same moment
        _check_may_replace(context, admin, factor)
        factor.pending_secret = await Vault.of(db).seal(SecondFactor.pending_secret, (admin.user_id,), secret)
        await emit(db, SecondFactorPrepared(**about(admin.user_id)))
        return PreparedFactor(secret, totp.uri_of(secret, account=account.email))

    return await context.database.run(unit)


async def confirm(context: AuthContext, admin: Principal, code: str) -> VerifiedFactor:
    """Activate the prepared secret, with new recovery codes, and end the admin's other sessions.

    Raises SecondFactorSetupNotStarted, StepUpRequired, SecondFactorInvalid, SecondFactorLocked, SessionEnded.
    """
    codes = totp.new_recovery_codes()

    async def unit(db: AsyncSession) -> VerifiedFactor | Problem:
        factor = await crud.lock_factor(db, admin.user_id)
        if factor is None or factor.pending_secret is None:
            raise SecondFactorSetupNotStarted
        lockout_service.refuse_locked(factor)
        _check_may_replace(context, admin, factor)
        try:
            secret = await Vault.of(db).show(factor, SecondFactor.pending_secret)
        except DataKeyLost:
            raise SecondFactorSetupNotStarted from None
        step = totp.step_of(secret, code)
        if step is None:
            return await lockout_service.failed(context, db, admin, factor, "totp")
        replaced = factor.confirmed_at is not None
        factor.secret = await Vault.of(db).seal(SecondFactor.secret, (admin.user_id,), secret)
        factor.pending_secret, factor.confirmed_at, factor.last_step = None, clock.now(), step
        await crud.put_recovery_codes(
            db, admin.user_id, [totp.hash_of(admin.user_id, new_code) for new_code in codes]
        )
        await emit(db, SecondFactorSet(**about(admin.user_id), replaced=replaced))
        verified = await _complete(context, db, admin, factor, "totp")
        await sessions.revoke(
            db, admin.user_id, reason="second_factor_set", except_session_id=admin.session_id
        )
        return replace(verified, recovery_codes=tuple(codes))

    return await _run(context, unit)


async def verify(context: AuthContext, admin: Principal, code: str) -> VerifiedFactor:
    """Verify a code of the authenticator app, once.

    Raises SecondFactorNotSetUp, SecondFactorInvalid, SecondFactorLocked, SecondFactorNotUsable, SessionEnded.
    """

    async def unit(db: AsyncSession) -> VerifiedFactor | Problem:
        factor = await _lock_confirmed(db, admin)
        try:
            secret = await Vault.of(db).show(factor, SecondFactor.secret)
        except DataKeyLost:
            raise SecondFactorNotUsable from None
        step = totp.step_of(secret, code)
        if step is None:
            return await lockout_service.failed(context, db, admin, factor, "totp")
        if step <= factor.last_step:  # RFC 6238 section 5.2: a code is good once
            return await lockout_service.failed(context, db, admin, factor, "totp", used=True)
        factor.last_step = step
        return await _complete(context, db, admin, factor, "totp")

    return await _run(context, unit)


async def recover(context: AuthContext, admin: Principal, recovery_code: str) -> VerifiedFactor:
    """Verify a recovery code, once. Raises SecondFactorNotSetUp, SecondFactorInvalid, SecondFactorLocked, SessionEnded."""

    async def unit(db: AsyncSession) -> VerifiedFactor | Problem:
        factor = await _lock_confirmed(db, admin)
        code_hash = totp.hash_of(admin.user_id, recovery_code)
        if not await crud.use_recovery_code(db, admin.user_id, code_hash, now=clock.now()):
            return await lockout_service.failed(context, db, admin, factor, "recovery_code")
        verified = await _complete(context, db, admin, factor, "recovery_code")
        await emit(db, RecoveryCodeUsed(**about(admin.user_id), left=verified.recovery_codes_left))
        return verified

    return await _run(context, unit)


async def send_otp(context: AuthContext, admin: Principal) -> otp_service.Sent:
    """Send a code to an admin who has no authenticator app.

    Raises AuthenticatorCodeRequired, and what auth's `send_code` does.
    """
    phone_number = await context.database.run(lambda db: _number_for_otp(context, db, admin))
    source = Source.of_session(admin.session_id)
    sent = await otp_service.send_code(context, Purpose.STEP_UP, phone_number, source=source)
    code_sent = StepUpCodeSent(**about(admin.user_id), session_id=str(admin.session_id))
    await context.database.run(lambda db: emit(db, code_sent))
    return sent


async def verify_otp(context: AuthContext, admin: Principal, challenge_id: str, otp: str) -> VerifiedFactor:
    """Verify a code that was sent to an admin without an authenticator app.

    Raises AuthenticatorCodeRequired, SecondFactorInvalid, OtpLocked, SignInSuspended, SignInUnavailable, SessionEnded.
    """
    phone_number = await context.database.run(lambda db: _number_for_otp(context, db, admin))
    try:
        await otp_service.redeem(context, Purpose.STEP_UP, phone_number, challenge_id, otp)
    except OtpInvalid:
        raise SecondFactorInvalid from None  # a 401 would send the client off to refresh its tokens

    async def unit(db: AsyncSession) -> VerifiedFactor:
        await _number_for_otp(context, db, admin)
        await otp_service.forget_failures(db, phone_number)
        return await _complete(context, db, admin, None, "otp")

    return await context.database.run(unit)


async def renew_recovery_codes(db: AsyncSession, admin: Principal) -> list[str]:
    """Ten new recovery codes, which are not shown again. Raises SecondFactorNotSetUp, SecondFactorLocked."""
    await _lock_confirmed(db, admin)
    codes = totp.new_recovery_codes()
    await crud.put_recovery_codes(
        db, admin.user_id, [totp.hash_of(admin.user_id, new_code) for new_code in codes]
    )
    await emit(db, RecoveryCodesRenewed(**about(admin.user_id)))
    return codes


async def remove(db: AsyncSession, context: AuthContext, admin: Principal) -> None:
    """Remove the admin's own second factor. Raises SecondFactorNotRemovable, SecondFactorNotSetUp, SecondFactorLocked."""
    if context.settings.second_factor_required:
        raise SecondFactorNotRemovable
    await _lock_confirmed(db, admin)
    await crud.delete_factor(db, admin.user_id)
    await emit(db, SecondFactorRemoved(**about(admin.user_id)))


async def reset(db: AsyncSession, actor_id: UUID, admin_id: UUID) -> None:
    """Remove another admin's second factor and end their sessions, if they lost phone and recovery codes.

    Raises AdminNotFound, OwnAccount, RankTooLow, SecondFactorNotFound.
    """
    if not await admins.check_rank(db, actor_id, admin_id):
        raise AdminNotFound
    if not await crud.delete_factor(db, admin_id):
        raise SecondFactorNotFound
    await emit(db, SecondFactorRemoved(**about(admin_id)))
    await sessions.revoke(db, admin_id, reason="second_factor_removed")


async def _run(context: AuthContext, unit: Callable[[AsyncSession], Awaitable[T | Problem]]) -> T:
    """Run `unit` and commit, also if it returns a problem, which is raised after the commit."""
    result = await context.database.run(unit)
    if isinstance(result, Problem):
        raise result
    return result


async def _lock_confirmed(db: AsyncSession, admin: Principal) -> SecondFactor:
    factor = await crud.lock_factor(db, admin.user_id)
    if factor is None or factor.confirmed_at is None:
        raise SecondFactorNotSetUp
    lockout_service.refuse_locked(factor)
    return factor


async def _number_for_otp(context: AuthContext, db: AsyncSession, admin: Principal) -> str:
    if context.settings.second_factor_required or await crud.is_enrolled(db, admin.user_id):
        raise AuthenticatorCodeRequired
    account, _role = await admins.admit(db, admin.user_id)
    return account.phone_number


async def _complete(
    context: AuthContext, db: AsyncSession, admin: Principal, factor: SecondFactor | None, method: Method
) -> VerifiedFactor:
    now = clock.now()
    await sessions.give_second_factor(db, admin.user_id, admin.session_id, at=now)
    if factor is not None:
        factor.failures, factor.locked_until = 0, None
    happened = SecondFactorVerified(**about(admin.user_id), session_id=str(admin.session_id), method=method)
    await emit(db, happened)
    # A change of the role would have ended the session, so the other claims are still right.
    principal = replace(admin, second_factor_at=int(now.timestamp()), second_factor_due=False)
    return VerifiedFactor(
        access_token=context.gate.keys.sign(principal),
        given_at=now,
        recovery_codes_left=await crud.count_recovery_codes(db, admin.user_id),
    )


def _check_may_replace(context: AuthContext, admin: Principal, factor: SecondFactor) -> None:
    age_seconds = clock.now().timestamp() - admin.second_factor_at
    if factor.confirmed_at is not None and age_seconds > context.gate.step_up_seconds:
        raise StepUpRequired
