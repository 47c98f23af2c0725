"""Signing up, signing in, going on, signing out.

Where a code is given, three steps follow each other and no transaction is open while Redis is asked: is the number
locked (PostgreSQL), is it the code (Redis, which uses it up), then the session or the failure (PostgreSQL).
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
from gencharge.auth.context import Desk
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
    """Both tokens of somebody who is signed in."""

    principal: Principal
    access_token: str
    refresh_token: str


async def send_code(desk: Desk, purpose: Purpose, phone_number: str) -> Mapping[str, str]:
    """Send a code to a number: the headers that tell about the limits.

    The answer never tells whether the number is known: the same stores are asked the same, and who is to get the
    message is looked up after the answer. Raises OtpTooSoon, OtpLimitExceeded, OtpLocked, SignInSuspended, SignInUnavailable.
    """
    await desk.database.run(lambda db: _refuse_locked(db, phone_number))
    issued = await desk.challenges.issue(
        purpose, phone_number, desk.codes(phone_number), address=telemetry.context().address
    )
    desk.courier.soon(_message(desk, purpose, phone_number, issued.code))
    return issued.headers


async def _message(desk: Desk, purpose: Purpose, phone_number: str, code: str) -> Message | None:
    """What to send, None where a number that wants to sign in is nobody's."""

    async def email_of_owner(db: AsyncSession) -> str | None:
        owner = await directory.phone_owner(db, phone_number)
        if owner is None:
            return "" if purpose is Purpose.SIGN_UP else None
        kind, owner_id = owner
        found = await (
            users.email_of(db, owner_id) if kind is OwnerKind.USER else admins.email_of(db, owner_id)
        )
        return found or ""

    email = await desk.database.run(email_of_owner)
    if email is None:
        return None
    minutes = f"{desk.settings.otp_expire_minutes:g}"
    return Message(
        text=f"{code} is your GenCharge code. It is valid for {minutes} minutes. Never share it with anyone.",
        phone_number=phone_number,
        email=email,
        subject="Your GenCharge code",
        template_id=desk.settings.sms_otp_template_id,
    )


async def sign_up(desk: Desk, phone_number: str, code: str, *, device: str) -> Tokens:
    """A new user with an empty wallet, signed in.

    Raises OtpInvalid, OtpLocked, SignInSuspended, SignInUnavailable, AccountAlreadyExists.
    """
    await redeem(desk, Purpose.SIGN_UP, phone_number, code)

    async def unit(db: AsyncSession) -> Tokens:
        if await directory.phone_owner(db, phone_number) is not None:
            raise AccountAlreadyExists
        user = await users.create(db, phone_number=phone_number)
        await wallet.open_wallet(db, user.user_id)
        return await _start(desk, db, phone_number, OwnerKind.USER, user.user_id, device)

    return await desk.database.run(unit)


async def sign_in(desk: Desk, phone_number: str, code: str, *, device: str) -> Tokens:
    """A user or an admin, signed in.

    Raises OtpInvalid, OtpLocked, SignInSuspended, SignInUnavailable, UserBlocked, AdminBlocked.
    """
    await redeem(desk, Purpose.SIGN_IN, phone_number, code)

    async def unit(db: AsyncSession) -> Tokens:
        owner = await directory.phone_owner(db, phone_number)
        if owner is None:
            raise OtpInvalid  # somebody guessed a code that was never sent
        return await _start(desk, db, phone_number, *owner, device)

    return await desk.database.run(unit)


async def redeem(desk: Desk, purpose: Purpose, phone_number: str, code: str) -> None:
    """Use a code up. Raises OtpInvalid, OtpLocked, SignInSuspended, SignInUnavailable."""
    await desk.database.run(lambda db: _refuse_locked(db, phone_number))
    verdict = await desk.challenges.redeem(purpose, phone_number, code)
    if verdict is Verdict.WRONG:
        # Counted in a transaction of its own: the refusal must not take the count back.
        raise await desk.database.run(lambda db: _count_failure(desk, db, purpose, phone_number))
    if verdict is Verdict.NONE:
        raise OtpInvalid


async def _start(
    desk: Desk, db: AsyncSession, phone_number: str, owner: OwnerKind, owner_id: UUID, device: str
) -> Tokens:
    kind: Kind = "user" if owner is OwnerKind.USER else "admin"
    context = telemetry.context()
    context.actor_kind, context.actor_id = kind, str(owner_id)
    identity = await _identity(db, kind, owner_id, reactivating=True)
    await crud.delete_failure(db, phone_number)
    started = await sessions.start(
        db, desk.settings, user_id=owner_id, kind=kind, device=device, address=context.address
    )
    await emit(
        db,
        SignedIn(user_id=str(owner_id), kind=kind, session_id=str(started.session_id), device=started.device),
    )
    return _tokens(desk, identity, started)


async def refresh(desk: Desk, refresh_token: str) -> Tokens:
    """New tokens for a refresh token, which is used up by that. Redis is not asked.

    Raises RefreshTokenInvalid, UserBlocked, AdminBlocked.
    """

    async def unit(db: AsyncSession) -> Tokens | None:
        continued = await sessions.rotate(db, desk.settings, refresh_token)
        if continued is None:
            return None  # and what a reused token brought about stays
        identity = await _identity(db, continued.kind, continued.user_id, reactivating=False)
        return _tokens(desk, identity, continued)

    tokens = await desk.database.run(unit)
    if tokens is None:
        raise RefreshTokenInvalid
    return tokens


async def sign_out(db: AsyncSession, principal: Principal) -> None:
    """End the session that asks; harmless when it has ended."""
    if await sessions.revoke(db, principal.user_id, principal.session_id, reason="signed_out"):
        await emit(
            db,
            SignedOut(
                user_id=str(principal.user_id), kind=principal.kind, session_id=str(principal.session_id)
            ),
        )


async def open_again(db: AsyncSession, phone_number: str) -> None:
    """Forget the wrong codes of a number: what an admin does for somebody who is locked out."""
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
    """What an access token says about somebody besides the ids."""

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


def _tokens(desk: Desk, identity: _Identity, going_on: sessions.Continued) -> Tokens:
    given_at = going_on.second_factor_at
    # An admin who has a second factor gives it once in a session; one who has none sets one up, where that is a must.
    due = going_on.kind == "admin" and (
        given_at is None if identity.enrolled else desk.settings.second_factor_required
    )
    principal = Principal(
        user_id=going_on.user_id,
        kind=going_on.kind,
        session_id=going_on.session_id,
        role=identity.role,
        operator_scope=identity.operator_scope,
        permissions_version=identity.permissions_version,
        second_factor_at=int(given_at.timestamp()) if given_at is not None else 0,
        second_factor_due=due,
    )
    return Tokens(principal, desk.gate.keys.sign(principal), going_on.refresh_token)


async def _refuse_locked(db: AsyncSession, phone_number: str) -> None:
    failure = await crud.get_failure(db, phone_number)
    if failure is None:
        return
    if failure.consecutive >= SUSPENDED_AFTER:
        raise SignInSuspended
    now = clock.now()
    if failure.locked_until is not None and failure.locked_until > now:
        raise _locked(failure.locked_until, now)


async def _count_failure(desk: Desk, db: AsyncSession, purpose: Purpose, phone_number: str) -> Problem:
    """Count a wrong code, and lock the number where it was one too many: what to answer."""
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
    if consecutive % desk.settings.otp_attempts and consecutive < SUSPENDED_AFTER:
        return OtpInvalid()
    suspended = consecutive >= SUSPENDED_AFTER
    until = now + timedelta(minutes=desk.settings.otp_lock_minutes)
    await crud.set_locked(db, phone_number, until=until)
    await emit(db, SignInLocked(user_id=user_id, kind=kind, masked_phone_number=number, suspended=suspended))
    return SignInSuspended() if suspended else _locked(until, now)


def _locked(until: datetime, now: datetime) -> OtpLocked:
    return OtpLocked(retry_after_seconds=int((until - now).total_seconds()) + 1)
