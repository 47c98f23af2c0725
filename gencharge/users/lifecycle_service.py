"""A customer's status: who may change it, and what else changes with it.

active      -> blocked      an admin blocks the customer        blocked     -> active   an admin unblocks them
active      -> deactivated  the customer leaves for a while     deactivated -> active   by signing in, or an admin
any of them -> archived     the account is closed for good: number and address are free, the ledger stays, and after
                            ERASURE_AFTER_DAYS the personal data is erased (`erasure`)

Every change is one conditional UPDATE, so of two admins at once only one succeeds. A customer who may no longer be signed
in loses all sessions in the same transaction. It locks the user's row first, and so does signing in, so no session
can start in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import Conflict
from gencharge.core.events.events import changes, emit
from gencharge.core.http import etags
from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.values import clock
from gencharge.directory import service as directory
from gencharge.sessions import service as sessions
from gencharge.users import crud
from gencharge.users import profile_service as profile
from gencharge.users.errors import UserNotActive, UserNotBlocked, UserNotDeactivated, UserNotFound
from gencharge.users.events import (
    UserArchived,
    UserBlocked,
    UserDeactivated,
    UserReactivated,
    UserUnblocked,
)
from gencharge.users.models import User, UserStatus


async def block(
    db: AsyncSession, user_id: UUID, *, by: UUID, reason: str, if_match: str | None = None
) -> User:
    """Block an active user. Raises UserNotFound, ResourceChanged, UserNotActive."""
    user = await _set_status(
        db, user_id, UserStatus.ACTIVE, UserStatus.BLOCKED, UserNotActive, by, reason, if_match
    )
    await sessions.revoke(db, user_id, reason="blocked")
    status_change = _status_change(UserStatus.ACTIVE, UserStatus.BLOCKED)
    await emit(db, UserBlocked(user_id=str(user_id), reason=reason, changes=status_change))
    return user


async def unblock(
    db: AsyncSession, user_id: UUID, *, by: UUID, reason: str, if_match: str | None = None
) -> User:
    """Unblock a blocked user. Raises UserNotFound, ResourceChanged, UserNotBlocked."""
    user = await _set_status(
        db, user_id, UserStatus.BLOCKED, UserStatus.ACTIVE, UserNotBlocked, by, reason, if_match
    )
    status_change = _status_change(UserStatus.BLOCKED, UserStatus.ACTIVE)
    await emit(db, UserUnblocked(user_id=str(user_id), reason=reason, changes=status_change))
    return user


async def deactivate(
    db: AsyncSession, user_id: UUID, *, by: UUID, reason: str, if_match: str | None = None
) -> User:
    """Deactivate an active user's account until they sign in again. Raises UserNotFound, ResourceChanged, UserNotActive."""
    user = await _set_status(
        db, user_id, UserStatus.ACTIVE, UserStatus.DEACTIVATED, UserNotActive, by, reason, if_match
    )
    await sessions.revoke(db, user_id, reason="deactivated")
    status_change = _status_change(UserStatus.ACTIVE, UserStatus.DEACTIVATED)
    # The audit trail is never erased, so a customer's own words stay out of it.
    audited_reason = "given by the owner" if by == user_id else reason
    await emit(db, UserDeactivated(user_id=str(user_id), reason=audited_reason, changes=status_change))
    return user


async def reactivate(
    db: AsyncSession, user_id: UUID, *, by: UUID, reason: str, if_match: str | None = None
) -> User:
    """Bring a deactivated user's account back. Raises UserNotFound, ResourceChanged, UserNotDeactivated."""
    user = await _set_status(
        db, user_id, UserStatus.DEACTIVATED, UserStatus.ACTIVE, UserNotDeactivated, by, reason, if_match
    )
    status_change = _status_change(UserStatus.DEACTIVATED, UserStatus.ACTIVE)
    await emit(db, UserReactivated(user_id=str(user_id), reason=reason, changes=status_change))
    return user


async def archive(
    db: AsyncSession,
    parts: Sequence[PersonalData],
    user_id: UUID,
    *,
    by: UUID,
    reason: str,
    payout: bool,
    keep_days: int,
) -> User:
    """Close an account for good, whatever its status; number and address are free at once.

    `payout` pays the rest of the balance out; `keep_days`: how long the personal data is kept. Raises UserNotFound,
    UserAlreadyArchived, and what other rooms raise (WalletNotEmpty).
    """
    user = await profile.lock(db, user_id)
    before = UserStatus(user.status)
    for part in parts:
        if part.close is not None:
            await part.close(db, user_id, payout)
    now = clock.now()
    user.status = UserStatus.ARCHIVED.value
    user.status_since = user.updated_at = now
    user.status_by, user.status_reason = by, reason
    await db.flush()
    await directory.release(db, owner_id=user_id, phone_number=user.phone_number, email=user.email)
    erase_after = now + timedelta(days=keep_days)
    await crud.add_erasure(db, user_id, erase_after=erase_after)
    await emit(
        db,
        UserArchived(
            user_id=str(user_id),
            reason=reason,
            changes=_status_change(before, UserStatus.ARCHIVED),
            erase_after=erase_after.isoformat(),
        ),
    )
    return user


async def _set_status(
    db: AsyncSession,
    user_id: UUID,
    current: UserStatus,
    to: UserStatus,
    refusal: type[Conflict],
    by: UUID,
    reason: str,
    if_match: str | None,
) -> User:
    if if_match is not None and (seen := await crud.lock_user(db, user_id)) is not None:
        etags.check(if_match, seen)
    user = await crud.set_status(db, user_id, current=current, to=to, by=by, reason=reason, now=clock.now())
    if user is not None:
        return user
    present = await crud.get_status(db, user_id)
    if present is None:
        raise UserNotFound
    raise refusal(f"{refusal.title()} This one is {present}.", user_status=present)


def _status_change(before: UserStatus, after: UserStatus) -> dict[str, Any]:
    return changes({"status": before}, {"status": after})
