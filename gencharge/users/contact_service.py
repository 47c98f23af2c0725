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

from gencharge.approvals import service as approvals
from gencharge.approvals.service import ApprovalOut
from gencharge.core.events.events import changes, emit
from gencharge.core.http import etags
from gencharge.core.rooms.acts import Act, Approved
from gencharge.core.values import clock
from gencharge.core.values.email import masked_email
from gencharge.core.values.phone import masked
from gencharge.core.wording import Worded, worded
from gencharge.directory import service as directory
from gencharge.directory.errors import EmailAlreadyExists, PhoneNumberAlreadyExists
from gencharge.directory.models import OwnerKind
from gencharge.sessions import service as sessions
from gencharge.sessions.guards import Action, Resource, permission
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


async def request_email(
    db: AsyncSession, actor_id: UUID, user_id: UUID, email: str, *, reason: str, if_match: str | None = None
) -> User | ApprovalOut:
    """Ask a second admin to set a user's address; the user if it is theirs already.

    Raises UserNotFound, UserAlreadyArchived, ResourceChanged, EmailAlreadyExists, ApprovalAlreadyPending.
    """
    user = await profile.lock(db, user_id)
    etags.check(if_match, user)
    owner = await directory.email_owner(db, email)
    if owner is not None and owner[1] != user_id:
        raise EmailAlreadyExists
    if user.email == email:
        return user
    return await _request(
        db,
        actor_id,
        user,
        worded("Set the e-mail address of a customer to {email}.", email=masked_email(email)),
        {"email": email, "instead_of": user.email, "reason": reason},
    )


async def request_phone_number(
    db: AsyncSession,
    actor_id: UUID,
    user_id: UUID,
    phone_number: str,
    *,
    reason: str,
    if_match: str | None = None,
) -> User | ApprovalOut:
    """Ask a second admin to give a user another number (E.164); the user if it is theirs already.

    Raises UserNotFound, UserAlreadyArchived, UserNotActive (for a blocked user), ResourceChanged, PhoneNumberAlreadyExists,
    ApprovalAlreadyPending.
    """
    user = await profile.lock(db, user_id)
    etags.check(if_match, user)
    _refuse_blocked(user)
    if user.phone_number == phone_number:
        return user
    if await directory.phone_owner(db, phone_number) is not None:
        raise PhoneNumberAlreadyExists
    return await _request(
        db,
        actor_id,
        user,
        worded(
            "Change the number of a customer from {before} to {after}.",
            before=masked(user.phone_number),
            after=masked(phone_number),
        ),
        {"phone_number": phone_number, "instead_of": user.phone_number, "reason": reason},
    )


async def _request(
    db: AsyncSession, actor_id: UUID, user: User, summary: Worded, payload: dict[str, str | None]
) -> ApprovalOut:
    proposal = approvals.Proposal(
        act=CHANGE_CONTACT,
        target=f"user:{user.user_id}",
        summary=summary,
        reason=str(payload["reason"]),
        payload={"user_id": str(user.user_id), **payload},
    )
    return (await approvals.request(db, actor_id, proposal)).answer


async def _change_approved(db: AsyncSession, approved: Approved) -> None:
    payload = approved.payload
    user_id, before, reason = UUID(payload["user_id"]), payload["instead_of"], payload["reason"]
    if "email" in payload:
        await replace_email(db, user_id, payload["email"], reason=reason, instead_of=before)
    else:
        await change_phone_number(db, user_id, payload["phone_number"], reason=reason, instead_of=before)


async def replace_email(
    db: AsyncSession, user_id: UUID, email: str, *, reason: str, instead_of: str | None
) -> User:
    """Set a user's address for them, in place of what it was when that was asked for. No code goes to it for a day.

    Raises UserNotFound, UserAlreadyArchived, ResourceChanged, EmailAlreadyExists.
    """
    user = await profile.lock(db, user_id)
    if user.email != instead_of:
        raise etags.ResourceChanged
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
) -> User:
    """Give a user another phone number (E.164), and end all their sessions: it is what they sign in with.

    `instead_of`: the number that they have proved, or had when the staff asked. Raises UserNotFound, UserAlreadyArchived, UserNotActive (for a blocked
    user), ResourceChanged, PhoneNumberAlreadyExists.
    """
    user = await profile.lock(db, user_id)
    _refuse_blocked(user)
    before = user.phone_number
    if instead_of is not None and before != instead_of:
        raise etags.ResourceChanged  # it changed while the codes were on their way, or the request waited
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


CHANGE_CONTACT: Final = Act(
    name="change_customer_contact",
    permission=permission(Resource.USERS, Action.EDIT),
    run=_change_approved,
)
