"""Other people's sessions and locked numbers, as the staff see, end and open them. One's own are under `/auth/sessions`.

It is here, and not in `sessions`, because it needs users and admins: an admin may not see or end the sessions of a
higher rank.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.auth import otp_service
from gencharge.auth.errors import SignInNotLocked
from gencharge.auth.events import SessionsEndedByAdmin, SignInOpened
from gencharge.auth.staff_schemas import StaffSessionOut, StaffSessionPage
from gencharge.core.events.events import emit
from gencharge.core.http.paging import PageParams
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.values.phone import masked
from gencharge.directory import service as directory
from gencharge.directory.models import OwnerKind
from gencharge.sessions import service as sessions
from gencharge.sessions.guards import Kind
from gencharge.users import service as users


async def list_of(db: AsyncSession, actor_id: UUID, owner_id: UUID, page: PageParams) -> StaffSessionPage:
    """Where a user or an admin is signed in, the newest first. Raises UserNotFound, OwnAccount, RankTooLow."""
    kind = await _kind_of(db, actor_id, owner_id)
    rows, cursor, total = await sessions.list_live(db, owner_id, page)
    items = [
        StaffSessionOut(
            owner_id=owner_id,
            kind=kind,
            session_id=row.session_id,
            device=row.device,
            address=row.address,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
        )
        for row in rows
    ]
    return StaffSessionPage(items=items, next_cursor=cursor, total=total)


async def end_one(db: AsyncSession, actor_id: UUID, owner_id: UUID, session_id: UUID) -> None:
    """End one session of a user or an admin. Raises UserNotFound, OwnAccount, RankTooLow, SessionNotFound."""
    kind = await _kind_of(db, actor_id, owner_id)
    await sessions.end_one(db, owner_id, session_id, reason="ended_by_admin")
    await _announce(db, owner_id, kind, [session_id])


async def end_all(db: AsyncSession, actor_id: UUID, owner_id: UUID) -> int:
    """End all sessions of a user or an admin: how many there were. Raises UserNotFound, OwnAccount, RankTooLow."""
    kind = await _kind_of(db, actor_id, owner_id)
    ended = await sessions.revoke_all(db, owner_id, reason="ended_by_admin")
    await _announce(db, owner_id, kind, ended)
    return len(ended)


async def open_sign_in_of_user(db: AsyncSession, user_id: UUID, *, reason: str) -> None:
    """Let a customer sign in again after too many wrong codes. Raises UserNotFound, SignInNotLocked."""
    user = await users.get(db, user_id)
    await _open_sign_in(db, user_id, "user", user.phone_number, reason)


async def open_sign_in_of_admin(db: AsyncSession, actor_id: UUID, admin_id: UUID, *, reason: str) -> None:
    """Let another admin sign in again after too many wrong codes.

    Raises AdminNotFound, OwnAccount, RankTooLow, SignInNotLocked.
    """
    admin = await admins.get(db, admin_id)
    await admins.check_rank(db, actor_id, admin_id)
    await _open_sign_in(db, admin_id, "admin", admin.phone_number, reason)


async def open_number(db: AsyncSession, phone_number: str, *, reason: str) -> bool:
    """Let the owner of a number (E.164), customer or admin, sign in again: from the command line, where nobody is signed in.

    False if nobody has the number. Raises SignInNotLocked.
    """
    owner = await directory.phone_owner(db, phone_number)
    if owner is None:
        return False
    await _open_sign_in(db, owner[1], "user" if owner[0] == OwnerKind.USER else "admin", phone_number, reason)
    return True


async def _open_sign_in(db: AsyncSession, owner_id: UUID, kind: Kind, phone_number: str, reason: str) -> None:
    owner = await directory.phone_owner(db, phone_number)
    # The number of an account that was closed may be another one's by now.
    if owner is None or owner[1] != owner_id or not await otp_service.forget_failures(db, phone_number):
        raise SignInNotLocked
    opened = SignInOpened(
        user_id=str(owner_id if kind == "user" else SYSTEM_USER_ID),
        owner_id=str(owner_id),
        kind=kind,
        masked_phone_number=masked(phone_number),
        reason=reason,
    )
    await emit(db, opened)


async def _kind_of(db: AsyncSession, actor_id: UUID, owner_id: UUID) -> Kind:
    if await admins.check_rank(db, actor_id, owner_id):
        return "admin"
    await users.get(db, owner_id)
    return "user"


async def _announce(db: AsyncSession, owner_id: UUID, kind: Kind, session_ids: list[UUID]) -> None:
    happened = SessionsEndedByAdmin(
        user_id=str(owner_id if kind == "user" else SYSTEM_USER_ID),
        owner_id=str(owner_id),
        kind=kind,
        session_ids=[str(session_id) for session_id in session_ids],
    )
    await emit(db, happened)
