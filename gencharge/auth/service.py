"""Signing up, signing in, refreshing, signing out. Codes are sent and redeemed by `otp_service`."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.auth import crud, otp_service
from gencharge.auth.challenges import Purpose
from gencharge.auth.context import AuthContext
from gencharge.auth.device_marks import device_id_of
from gencharge.auth.errors import AccountAlreadyExists, OtpInvalid
from gencharge.auth.events import SignedIn, SignedOut
from gencharge.core import telemetry
from gencharge.core.events.events import emit
from gencharge.core.values.language import Language
from gencharge.directory import service as directory
from gencharge.directory.models import OwnerKind
from gencharge.sessions import service as sessions
from gencharge.sessions.errors import RefreshTokenInvalid
from gencharge.sessions.guards import Kind, Principal
from gencharge.users import service as users
from gencharge.users.models import User
from gencharge.velocity import service as velocity
from gencharge.velocity.models import CautionReason
from gencharge.wallet import service as wallet


@dataclass(frozen=True, slots=True)
class Tokens:
    """The access and refresh token of a new session."""

    principal: Principal
    access_token: str
    refresh_token: str


async def sign_up(
    context: AuthContext,
    phone_number: str,
    challenge_id: str,
    code: str,
    *,
    device: str,
    device_mark: str | None = None,
) -> Tokens:
    """A new user with an empty wallet, signed in. `device_mark` tells the device from others, as in `device_marks`.

    Raises OtpInvalid, OtpLocked, SignInSuspended, SignInUnavailable, AccountAlreadyExists.
    """
    await otp_service.redeem(context, Purpose.SIGN_UP, phone_number, challenge_id, code)

    async def unit(db: AsyncSession) -> Tokens:
        if await directory.phone_owner(db, phone_number) is not None:
            raise AccountAlreadyExists
        user = await users.create(db, phone_number=phone_number)
        await wallet.open_wallet(db, user.user_id)
        await velocity.be_cautious(db, context.settings, user.user_id, CautionReason.NEW_ACCOUNT)
        return await _start(context, db, phone_number, OwnerKind.USER, user.user_id, device, device_mark)

    return await context.database.run(unit)


async def sign_in(
    context: AuthContext,
    phone_number: str,
    challenge_id: str | None,
    code: str,
    *,
    device: str,
    device_mark: str | None = None,
) -> Tokens:
    """A user or an admin, signed in. Without a challenge's id: with the code that the client's address asked for last. A
    customer whose device was not known may spend less for a while. `device_mark` tells the device from others, as in `device_marks`.

    Raises OtpInvalid, OtpLocked, SignInSuspended, SignInUnavailable, UserBlocked, AdminBlocked.
    """
    if challenge_id is None:
        source = await otp_service.redeem_last(context, Purpose.SIGN_IN, phone_number, code)
    else:
        source = await otp_service.redeem(context, Purpose.SIGN_IN, phone_number, challenge_id, code)

    async def unit(db: AsyncSession) -> Tokens:
        owner = await directory.phone_owner(db, phone_number)
        if owner is None:
            raise OtpInvalid  # no code was sent to this number, so it was guessed
        if owner[0] is OwnerKind.USER and not source.known:
            await velocity.be_cautious(db, context.settings, owner[1], CautionReason.NEW_DEVICE)
        return await _start(
            context, db, phone_number, *owner, device, device_mark, is_new_device=not source.known
        )

    return await context.database.run(unit)


async def _start(
    context: AuthContext,
    db: AsyncSession,
    phone_number: str,
    owner: OwnerKind,
    owner_id: UUID,
    device: str,
    device_mark: str | None,
    *,
    is_new_device: bool = False,
) -> Tokens:
    kind: Kind = "user" if owner is OwnerKind.USER else "admin"
    request_context = telemetry.context()
    request_context.actor_kind, request_context.actor_id = kind, str(owner_id)
    identity = await _identity(db, kind, owner_id, reactivating=True)
    await crud.delete_failures(db, phone_number)
    session = await sessions.start(
        db,
        context.settings,
        user_id=owner_id,
        kind=kind,
        device=device,
        address=request_context.address,
        # Only customers are counted.
        device_id=device_id_of(context.settings, device_mark) if device_mark and kind == "user" else None,
    )
    await emit(
        db,
        SignedIn(
            user_id=str(owner_id),
            kind=kind,
            session_id=str(session.session_id),
            device=session.device,
            is_new_device=is_new_device,
        ),
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
    if await sessions.revoke(db, principal.user_id, principal.session_id, reason=sessions.SIGNED_OUT):
        await emit(
            db,
            SignedOut(
                user_id=str(principal.user_id), kind=principal.kind, session_id=str(principal.session_id)
            ),
        )


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
    language: str = ""  # empty: English


async def _identity(db: AsyncSession, kind: Kind, owner_id: UUID, *, reactivating: bool) -> _Identity:
    if kind == "user":
        user = await users.admit(db, owner_id, reactivating=reactivating)
        return _Identity(language=_unless_english(user.language))
    admin, role = await admins.admit(db, owner_id)
    enrolled = await crud.is_enrolled(db, owner_id)
    return _Identity(
        role.name,
        tuple(admin.operator_scope),
        role.permissions_version,
        enrolled,
        _unless_english(admin.language),
    )


def _unless_english(language: str) -> str:
    return "" if language == Language.ENGLISH else language


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
        language=identity.language,
    )
    return Tokens(principal, context.gate.keys.sign(principal), session.refresh_token)
