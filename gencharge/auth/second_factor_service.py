"""The second factor of admins: set up, given, renewed, taken off.

A session gives it once and is let in; an action that asks for a step-up wants it given within STEP_UP_MINUTES. Wrong
codes are counted in PostgreSQL, in a transaction that commits although the answer is a refusal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.admins.errors import AdminNotFound
from gencharge.auth import crud, lockout_service, service, totp
from gencharge.auth.challenges import Purpose
from gencharge.auth.context import Desk
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
from gencharge.auth.staff_schemas import AdminFactorStatus, FactorStatus
from gencharge.core.errors import Problem
from gencharge.core.events.events import emit
from gencharge.core.values import clock
from gencharge.sessions import service as sessions
from gencharge.sessions.errors import StepUpRequired
from gencharge.sessions.guards import Principal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Given:
    """A second factor was given: a new access token says so. Recovery codes only where there are new ones."""

    access_token: str
    given_at: datetime
    recovery_codes_left: int
    recovery_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A secret that waits to be confirmed: the only time that it can be seen."""

    secret: str
    uri: str


async def status(db: AsyncSession, desk: Desk, me: Principal) -> FactorStatus:
    """How the admin's second factor stands."""
    factor = await crud.get_factor(db, me.user_id)
    return FactorStatus(
        enrolled=factor is not None and factor.confirmed_at is not None,
        confirmed_at=factor.confirmed_at if factor is not None else None,
        locked_until=lockout_service.lock_of(factor),
        recovery_codes_left=await crud.count_recovery_codes(db, me.user_id),
        required=desk.settings.second_factor_required,
        due=me.second_factor_due,
        given_at=datetime.fromtimestamp(me.second_factor_at, UTC) if me.second_factor_at else None,
    )


async def status_of(db: AsyncSession, admin_id: UUID) -> AdminFactorStatus:
    """How another admin's second factor stands. Raises AdminNotFound."""
    await admins.get(db, admin_id)
    factor = await crud.get_factor(db, admin_id)
    return AdminFactorStatus(
        admin_id=admin_id,
        enrolled=factor is not None and factor.confirmed_at is not None,
        confirmed_at=factor.confirmed_at if factor is not None else None,
        locked_until=lockout_service.lock_of(factor),
        recovery_codes_left=await crud.count_recovery_codes(db, admin_id),
    )


async def prepare(desk: Desk, me: Principal) -> Prepared:
    """A new secret, good for nothing before a code of it was given. Raises StepUpRequired where there is one already."""
    secret = totp.new_secret()

    async def unit(db: AsyncSession) -> Prepared:
        admin = await admins.get(db, me.user_id)
        await crud.add_factor_if_missing(db, me.user_id)
        factor = await crud.lock_factor(db, me.user_id)
        if factor is None:
            raise SecondFactorSetupNotStarted  # taken off in this very moment
        _check_may_replace(desk, me, factor)
        factor.pending_secret = _sealer(desk).seal(me.user_id, secret)
        await emit(db, SecondFactorPrepared(**about(me.user_id)))
        return Prepared(secret, totp.uri_of(secret, account=admin.email))

    return await desk.database.run(unit)


async def confirm(desk: Desk, me: Principal, code: str) -> Given:
    """Put the prepared secret in force, with new recovery codes; the admin's other sessions end.

    Raises SecondFactorSetupNotStarted, StepUpRequired, SecondFactorInvalid, SecondFactorLocked, SessionEnded.
    """
    codes = totp.new_recovery_codes()

    async def unit(db: AsyncSession) -> Given | Problem:
        factor = await crud.lock_factor(db, me.user_id)
        if factor is None or factor.pending_secret is None:
            raise SecondFactorSetupNotStarted
        lockout_service.refuse_locked(factor)
        _check_may_replace(desk, me, factor)
        opened = _sealer(desk).open(me.user_id, factor.pending_secret)
        if opened is None:
            raise SecondFactorSetupNotStarted
        step = totp.step_of(opened[0], code)
        if step is None:
            return await lockout_service.failed(desk, db, me, factor, "totp")
        replaced = factor.confirmed_at is not None
        factor.secret = _sealer(desk).seal(me.user_id, opened[0])
        factor.pending_secret, factor.confirmed_at, factor.last_step = None, clock.now(), step
        await crud.put_recovery_codes(db, me.user_id, [totp.hash_of(me.user_id, made) for made in codes])
        await emit(db, SecondFactorSet(**about(me.user_id), replaced=replaced))
        given = await _given(desk, db, me, factor, "totp")
        await sessions.revoke(db, me.user_id, reason="second_factor_set", but=me.session_id)
        return replace(given, recovery_codes=tuple(codes))

    return await _settled(desk, unit)


async def verify(desk: Desk, me: Principal, code: str) -> Given:
    """Take a code of the authenticator app, once.

    Raises SecondFactorNotSetUp, SecondFactorInvalid, SecondFactorLocked, SecondFactorNotUsable, SessionEnded.
    """

    async def unit(db: AsyncSession) -> Given | Problem:
        factor = await _hold_confirmed(db, me)
        opened = _sealer(desk).open(me.user_id, factor.secret or b"")
        if opened is None:
            raise SecondFactorNotUsable
        secret, stale = opened
        step = totp.step_of(secret, code)
        if step is None:
            return await lockout_service.failed(desk, db, me, factor, "totp")
        if step <= factor.last_step:  # RFC 6238 section 5.2: a code is good once
            return await lockout_service.failed(desk, db, me, factor, "totp", used=True)
        factor.last_step = step
        if stale:
            factor.secret = _sealer(desk).seal(me.user_id, secret)
        return await _given(desk, db, me, factor, "totp")

    return await _settled(desk, unit)


async def recover(desk: Desk, me: Principal, recovery_code: str) -> Given:
    """Take a recovery code, once. Raises SecondFactorNotSetUp, SecondFactorInvalid, SecondFactorLocked, SessionEnded."""

    async def unit(db: AsyncSession) -> Given | Problem:
        factor = await _hold_confirmed(db, me)
        code_hash = totp.hash_of(me.user_id, recovery_code)
        if not await crud.use_recovery_code(db, me.user_id, code_hash, now=clock.now()):
            return await lockout_service.failed(desk, db, me, factor, "recovery_code")
        given = await _given(desk, db, me, factor, "recovery_code")
        await emit(db, RecoveryCodeUsed(**about(me.user_id), left=given.recovery_codes_left))
        return given

    return await _settled(desk, unit)


async def send_otp(desk: Desk, me: Principal) -> Mapping[str, str]:
    """Send a code to an admin who has no authenticator app: the headers that tell about the limits.

    Raises AuthenticatorCodeRequired, and what auth's `send_code` does.
    """
    phone_number = await desk.database.run(lambda db: _number_for_otp(desk, db, me))
    headers = await service.send_code(desk, Purpose.STEP_UP, phone_number)
    sent = StepUpCodeSent(**about(me.user_id), session_id=str(me.session_id))
    await desk.database.run(lambda db: emit(db, sent))
    return headers


async def verify_otp(desk: Desk, me: Principal, otp: str) -> Given:
    """Take a code that was sent to an admin who has no authenticator app.

    Raises AuthenticatorCodeRequired, SecondFactorInvalid, OtpLocked, SignInSuspended, SignInUnavailable, SessionEnded.
    """
    phone_number = await desk.database.run(lambda db: _number_for_otp(desk, db, me))
    try:
        await service.redeem(desk, Purpose.STEP_UP, phone_number, otp)
    except OtpInvalid:
        raise SecondFactorInvalid from None  # a 401 would send the client off to refresh its tokens

    async def unit(db: AsyncSession) -> Given:
        await _number_for_otp(desk, db, me)
        await service.open_again(db, phone_number)
        return await _given(desk, db, me, None, "otp")

    return await desk.database.run(unit)


async def renew_recovery_codes(db: AsyncSession, me: Principal) -> list[str]:
    """Ten new recovery codes, the only time that they can be seen. Raises SecondFactorNotSetUp, SecondFactorLocked."""
    await _hold_confirmed(db, me)
    codes = totp.new_recovery_codes()
    await crud.put_recovery_codes(db, me.user_id, [totp.hash_of(me.user_id, made) for made in codes])
    await emit(db, RecoveryCodesRenewed(**about(me.user_id)))
    return codes


async def remove(db: AsyncSession, desk: Desk, me: Principal) -> None:
    """Take one's own second factor off. Raises SecondFactorNotRemovable, SecondFactorNotSetUp, SecondFactorLocked."""
    if desk.settings.second_factor_required:
        raise SecondFactorNotRemovable
    await _hold_confirmed(db, me)
    await crud.delete_factor(db, me.user_id)
    await emit(db, SecondFactorRemoved(**about(me.user_id)))


async def reset(db: AsyncSession, actor_id: UUID, admin_id: UUID) -> None:
    """Take another admin's second factor off and end their sessions: they lost phone and recovery codes.

    Raises AdminNotFound, OwnAccount, RankTooLow, SecondFactorNotFound.
    """
    if not await admins.check_rank(db, actor_id, admin_id):
        raise AdminNotFound
    if not await crud.delete_factor(db, admin_id):
        raise SecondFactorNotFound
    await emit(db, SecondFactorRemoved(**about(admin_id)))
    await sessions.revoke(db, admin_id, reason="second_factor_removed")


async def _settled(desk: Desk, unit: Callable[[AsyncSession], Awaitable[T | Problem]]) -> T:
    """Run `unit` and commit, also where it gives back a refusal, which is raised then."""
    result = await desk.database.run(unit)
    if isinstance(result, Problem):
        raise result
    return result


async def _hold_confirmed(db: AsyncSession, me: Principal) -> SecondFactor:
    factor = await crud.lock_factor(db, me.user_id)
    if factor is None or factor.confirmed_at is None:
        raise SecondFactorNotSetUp
    lockout_service.refuse_locked(factor)
    return factor


async def _number_for_otp(desk: Desk, db: AsyncSession, me: Principal) -> str:
    if desk.settings.second_factor_required or await crud.is_enrolled(db, me.user_id):
        raise AuthenticatorCodeRequired
    admin, _role = await admins.admit(db, me.user_id)
    return admin.phone_number


async def _given(
    desk: Desk, db: AsyncSession, me: Principal, factor: SecondFactor | None, method: Method
) -> Given:
    now = clock.now()
    await sessions.give_second_factor(db, me.user_id, me.session_id, at=now)
    if factor is not None:
        factor.failures, factor.locked_until = 0, None
    happened = SecondFactorVerified(**about(me.user_id), session_id=str(me.session_id), method=method)
    await emit(db, happened)
    # A role that changed meanwhile has ended the session, so that the rest of the claims still holds.
    principal = replace(me, second_factor_at=int(now.timestamp()), second_factor_due=False)
    return Given(
        access_token=desk.gate.keys.sign(principal),
        given_at=now,
        recovery_codes_left=await crud.count_recovery_codes(db, me.user_id),
    )


def _check_may_replace(desk: Desk, me: Principal, factor: SecondFactor) -> None:
    age_seconds = clock.now().timestamp() - me.second_factor_at
    if factor.confirmed_at is not None and age_seconds > desk.gate.step_up_seconds:
        raise StepUpRequired


def _sealer(desk: Desk) -> totp.Sealer:
    return totp.Sealer(desk.settings)
