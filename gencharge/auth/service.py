"""Signing up, signing in, refreshing, signing out.

A code is redeemed in three steps, and no transaction is open during the second: is the number locked (PostgreSQL), is
the code right (Redis, which uses it up), then the session or the failure is stored (PostgreSQL).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.auth import crud
from gencharge.auth.challenges import Purpose, Verdict
from gencharge.auth.context import AuthContext
from gencharge.auth.errors import AccountAlreadyExists, OtpInvalid, OtpLocked, SignInSuspended
from gencharge.auth.events import SignedIn, SignedOut, SignInFailed, SignInLocked
from gencharge.core import telemetry
from gencharge.core.errors import Problem
from gencharge.core.events.events import emit
from gencharge.core.messenger import Message
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.values.phone import masked
from gencharge.directory import service as directory
from gencharge.directory.models import OwnerKind
from gencharge.sessions import service as sessions
from gencharge.sessions.errors import RefreshTokenInvalid
from gencharge.sessions.guards import Kind, Principal
from gencharge.users import service as users
from gencharge.users.models import User
from gencharge.wallet import service as wallet

# NIST SP 800-63B-4 section 3.2.2: no more than 100 failures in a row, however far apart.
SUSPENDED_AFTER: Final = 100


@dataclass(frozen=True, slots=True)
class Tokens:
    """The access and refresh token of a new session."""

    principal: Principal
    access_token: str
    refresh_token: str


async def send_code(context: AuthContext, purpose: Purpose, phone_number: str) -> Mapping[str, str]:
    """Send a code to a number: the headers that say what is left of the limits.

    The answer never reveals whether the number is known: the same queries run either way, and the recipient is
    looked up after the answer. Raises OtpTooSoon, OtpLimitExceeded, OtpLocked, SignInSuspended, SignInUnavailable.
    """
    await context.database.run(lambda db: _refuse_locked(db, phone_number))
    issued = await context.challenges.issue(
        purpose, phone_number, context.codes(phone_number), address=telemetry.context().address
    )
    context.courier.soon(_message(context, purpose, phone_number, issued.code))
    return issued.headers


async def _message(context: AuthContext, purpose: Purpose, phone_number: str, code: str) -> Message | None:
    """What to send; None for a sign-in with a number that has no account."""

    async def email_of_owner(db: AsyncSession) -> str | None:
        owner = await directory.phone_owner(db, phone_number)
        if owner is None:
            return "" if purpose is Purpose.SIGN_UP else None
        kind, owner_id = owner
        email = await (
            users.email_of(db, owner_id) if kind is OwnerKind.USER else admins.email_of(db, owner_id)
        )
        return email or ""

    email = await context.database.run(email_of_owner)
    if email is None:
        return None
    minutes = f"{context.settings.otp_expire_minutes:g}"
    return Message(
        text=f"{code} is your GenCharge code. It is valid for {minutes} minutes. Never share it with anyone.",
        phone_number=phone_number,
        email=email,
        subject="Your GenCharge code",
        template_id=context.settings.sms_otp_template_id,
    )


async def sign_up(context: AuthContext, phone_number: str, code: str, *, device: str) -> Tokens:
    """A new user with an empty wallet, signed in.

    Raises OtpInvalid, OtpLocked, SignInSuspended, SignInUnavailable, AccountAlreadyExists.
    """
    await redeem(context, Purpose.SIGN_UP, phone_number, code)

    async def unit(db: AsyncSession) -> Tokens:
        if await directory.phone_owner(db, phone_number) is not None:
            raise AccountAlreadyExists
        user = await users.create(db, phone_number=phone_number)
        await wallet.open_wallet(db, user.user_id)
        return await _start(context, db, phone_number, OwnerKind.USER, user.user_id, device)

    return await context.database.run(unit)


async def sign_in(context: AuthContext, phone_number: str, code: str, *, device: str) -> Tokens:
    """A user or an admin, signed in.

    Raises OtpInvalid, OtpLocked, SignInSuspended, SignInUnavailable, UserBlocked, AdminBlocked.
    """
    await redeem(context, Purpose.SIGN_IN, phone_number, code)

    async def unit(db: AsyncSession) -> Tokens:
        owner = await directory.phone_owner(db, phone_number)
        if owner is None:
            raise OtpInvalid  # no code was sent to this number, so it was guessed
        return await _start(context, db, phone_number, *owner, device)

    return await context.database.run(unit)


async def redeem(context: AuthContext, purpose: Purpose, phone_number: str, code: str) -> None:
    """Redeem a code. Raises OtpInvalid, OtpLocked, SignInSuspended, SignInUnavailable."""
    await context.database.run(lambda db: _refuse_locked(db, phone_number))
    verdict = await context.challenges.redeem(purpose, phone_number, code)
    if verdict is Verdict.WRONG:
        # Counted in a transaction of its own, so that the refusal does not roll it back.
        raise await context.database.run(lambda db: _count_failure(context, db, purpose, phone_number))
    if verdict is Verdict.NONE:
        raise OtpInvalid


async def _start(
    context: AuthContext, db: AsyncSession, phone_number: str, owner: OwnerKind, owner_id: UUID, device: str
) -> Tokens:
    kind: Kind = "user" if owner is OwnerKind.USER else "admin"
    request_context = telemetry.context()
    request_context.actor_kind, request_context.actor_id = kind, str(owner_id)
    identity = await _identity(db, kind, owner_id, reactivating=True)
    await crud.delete_failure(db, phone_number)
    session = await sessions.start(
        db, context.settings, user_id=owner_id, kind=kind, device=device, address=request_context.address
    )
    await emit(
        db,
        SignedIn(user_id=str(owner_id), kind=kind, session_id=str(session.session_id), device=session.device),
    )
    return _tokens(context, identity, session)


async def refresh(context: AuthContext, refresh_token: str) -> Tokens:
    """New tokens for a refresh token, which is then used up. Works without Redis.

    Raises RefreshTokenInvalid, UserBlocked, AdminBlocked.
    """

    async def unit(db: AsyncSession) -> Tokens | None:
        continued = await sessions.rotate(db, context.settings, refresh_token)
        if continued is None:
            return None  # so that ending a session whose token was reused is committed
        identity = await _identity(db, continued.kind, continued.user_id, reactivating=False)
        return _tokens(context, identity, continued)

    tokens = await context.database.run(unit)
    if tokens is None:
        raise RefreshTokenInvalid
    return tokens


async def sign_out(db: AsyncSession, principal: Principal) -> None:
    """End the principal's session. Idempotent."""
    if await sessions.revoke(db, principal.user_id, principal.session_id, reason="signed_out"):
        await emit(
            db,
            SignedOut(
                user_id=str(principal.user_id), kind=principal.kind, session_id=str(principal.session_id)
            ),
        )


async def open_again(db: AsyncSession, phone_number: str) -> None:
    """Clear the failures of a number, which unlocks it."""
    await crud.delete_failure(db, phone_number)


async def register(
    db: AsyncSession, user_id: UUID, *, name: str, email: str, user_type: str, referral_code: str | None
) -> User:
    """Complete a user's data, once. Raises what users.register does."""
    return await users.register(
        db, user_id, name=name, email=email, user_type=user_type, referral_code=referral_code
    )


@dataclass(frozen=True, slots=True)
class _Identity:
    """The claims of an access token besides the ids."""

    role: str = ""
    operator_scope: tuple[str, ...] = ()
    permissions_version: int = 0
    enrolled: bool = False  # has a second factor


async def _identity(db: AsyncSession, kind: Kind, owner_id: UUID, *, reactivating: bool) -> _Identity:
    if kind == "user":
        await users.admit(db, owner_id, reactivating=reactivating)
        return _Identity()
    admin, role = await admins.admit(db, owner_id)
    enrolled = await crud.is_enrolled(db, owner_id)
    return _Identity(role.name, tuple(admin.operator_scope), role.permissions_version, enrolled)


def _tokens(context: AuthContext, identity: _Identity, session: sessions.IssuedSession) -> Tokens:
    given_at = session.second_factor_at
    # An admin with a second factor verifies it once in a session; one without sets one up if that is required.
    due = session.kind == "admin" and (
        given_at is None if identity.enrolled else context.settings.second_factor_required
    )
    principal = Principal(
        user_id=session.user_id,
        kind=session.kind,
        session_id=session.session_id,
        role=identity.role,
        operator_scope=identity.operator_scope,
        permissions_version=identity.permissions_version,
        second_factor_at=int(given_at.timestamp()) if given_at is not None else 0,
        second_factor_due=due,
    )
    return Tokens(principal, context.gate.keys.sign(principal), session.refresh_token)


async def _refuse_locked(db: AsyncSession, phone_number: str) -> None:
    failure = await crud.get_failure(db, phone_number)
    if failure is None:
        return
    if failure.consecutive >= SUSPENDED_AFTER:
        raise SignInSuspended
    now = clock.now()
    if failure.locked_until is not None and failure.locked_until > now:
        raise _locked(failure.locked_until, now)


async def _count_failure(
    context: AuthContext, db: AsyncSession, purpose: Purpose, phone_number: str
) -> Problem:
    """Count a wrong code, lock the number after too many, and return the problem to answer with."""
    now = clock.now()
    consecutive = await crud.add_failure(db, phone_number, now=now)
    owner = await directory.phone_owner(db, phone_number)
    kind, user_id = (owner[0].value, str(owner[1])) if owner else ("", str(SYSTEM_USER_ID))
    number = masked(phone_number)
    await emit(
        db,
        SignInFailed(
            user_id=user_id,
            kind=kind,
            masked_phone_number=number,
            purpose=purpose.value,
            consecutive=consecutive,
        ),
    )
    if consecutive % context.settings.otp_attempts and consecutive < SUSPENDED_AFTER:
        return OtpInvalid()
    suspended = consecutive >= SUSPENDED_AFTER
    until = now + timedelta(minutes=context.settings.otp_lock_minutes)
    await crud.set_locked(db, phone_number, until=until)
    await emit(db, SignInLocked(user_id=user_id, kind=kind, masked_phone_number=number, suspended=suspended))
    return SignInSuspended() if suspended else _locked(until, now)


def _locked(until: datetime, now: datetime) -> OtpLocked:
    return OtpLocked(retry_after_seconds=int((until - now).total_seconds()) + 1)
