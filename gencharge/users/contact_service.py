"""How a customer is reached and signs in: the phone number and the e-mail address, when they change.

An address counts (for codes, and as unique) from `email_usable_from` on: at once when its owner gave a code that was sent
to it, a day later when the staff set it, so that the owner of the account hears of it first. Wallet, referral code,
recharges and mandates belong to the user id, so a new number takes nothing along and leaves nothing behind.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import changes, emit
from gencharge.core.http import etags
from gencharge.core.values import clock
from gencharge.directory import service as directory
from gencharge.directory.models import OwnerKind
from gencharge.sessions import service as sessions
from gencharge.users import profile_service as profile
from gencharge.users.errors import UserNotActive
from gencharge.users.events import UserEmailChanged, UserPhoneNumberChanged
from gencharge.users.models import User, UserStatus

# How long no code goes to an address that the staff set.
STAFF_EMAIL_HOLD: Final = timedelta(days=1)


async def confirm_email(db: AsyncSession, user_id: UUID, email: str) -> User:
    """Make an address that the user has proved theirs; the one before it is free.

    Raises UserNotFound, UserAlreadyArchived, UserNotActive, EmailAlreadyExists.
    """
    user = await profile.lock(db, user_id)
    _refuse_blocked(user)
    await _set_email(db, user, email, hold=timedelta(0), reason="confirmed by the owner")
    return user


async def replace_email(
    db: AsyncSession, user_id: UUID, email: str, *, reason: str, if_match: str | None = None
) -> User:
    """Set a user's address for them. No code goes to it for a day.

    Raises UserNotFound, UserAlreadyArchived, ResourceChanged, EmailAlreadyExists.
    """
    user = await profile.lock(db, user_id)
    etags.check(if_match, user)
    await _set_email(db, user, email, hold=STAFF_EMAIL_HOLD, reason=reason)
    return user


async def _set_email(db: AsyncSession, user: User, email: str, *, hold: timedelta, reason: str) -> None:
    now = clock.now()
    usable_from = now + hold
    if user.email == email and user.email_usable_from is not None and user.email_usable_from <= usable_from:
        return
    await directory.claim_email(db, email, kind=OwnerKind.USER, owner_id=user.user_id)
    before, was_usable = user.email, user.email_usable_from is not None
    if before is not None and before.lower() != email.lower():
        await directory.release(db, owner_id=user.user_id, phone_number=None, email=before)
    user.email, user.email_usable_from, user.updated_at = email, usable_from, now
    await db.flush()
    await emit(
        db,
        UserEmailChanged(
            user_id=str(user.user_id),
            reason=reason,
            changes={"email": {"old": before, "new": email}},
            old_counted=was_usable,
            usable_from=usable_from.isoformat(),
        ),
    )


async def change_phone_number(
    db: AsyncSession,
    user_id: UUID,
    phone_number: str,
    *,
    reason: str,
    instead_of: str | None = None,
    if_match: str | None = None,
) -> User:
    """Give a user another phone number (E.164), and end all their sessions: it is what they sign in with.

    `instead_of`: the number that they have proved. Raises UserNotFound, UserAlreadyArchived, UserNotActive (for a blocked
    user), ResourceChanged, PhoneNumberAlreadyExists.
    """
    user = await profile.lock(db, user_id)
    etags.check(if_match, user)
    _refuse_blocked(user)
    before = user.phone_number
    if instead_of is not None and before != instead_of:
        raise etags.ResourceChanged  # the staff changed it while the codes were on their way
    changed = changes({"phone_number": before}, {"phone_number": phone_number})
    if not changed:
        return user
    await directory.claim_phone(db, phone_number, kind=OwnerKind.USER, owner_id=user_id)
    await directory.release(db, owner_id=user_id, phone_number=before, email=None)
    user.phone_number, user.updated_at = phone_number, clock.now()
    await db.flush()
    await emit(db, UserPhoneNumberChanged(user_id=str(user_id), reason=reason, changes=changed))
    await sessions.revoke(db, user_id, reason="phone_changed")
    return user


def _refuse_blocked(user: User) -> None:
    if user.status == UserStatus.BLOCKED:
        raise UserNotActive(
            "This account is blocked. Unblock it before you change how its owner signs in.",
            user_status=user.status,
        )
