"""`/auth/sessions`: where the caller is signed in."""

from __future__ import annotations

from uuid import UUID

from gencharge.auth.schemas import SessionOut, SessionsEnded
from gencharge.core.errors import ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid, Page, Paging
from gencharge.core.http.web import errors
from gencharge.core.postgres.database import Db
from gencharge.sessions import service as sessions
from gencharge.sessions.errors import SessionNotFound
from gencharge.sessions.guards import SIGNED_IN_ERRORS, SignedIn

router = web.router("auth")


@router.get(
    "/sessions",
    response_model=Page[SessionOut],
    responses=errors(*SIGNED_IN_ERRORS, CursorInvalid, ValidationFailed),
)
async def list_sessions(db: Db, principal: SignedIn, page: Paging) -> Page[SessionOut]:
    """Where I am signed in, the newest first."""
    rows, cursor, total = await sessions.list_live(db, principal.user_id, page)
    items = [
        SessionOut(
            session_id=row.session_id,
            device=row.device,
            address=row.address,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
            current=row.session_id == principal.session_id,
        )
        for row in rows
    ]
    return Page(items=items, next_cursor=cursor, total=total)


@router.delete(
    "/sessions/{session_id}",
    status_code=204,
    responses=errors(*SIGNED_IN_ERRORS, SessionNotFound, ValidationFailed),
)
async def end_session(session_id: UUID, db: Db, principal: SignedIn) -> None:
    """End one of my sessions."""
    await sessions.end_one(db, principal.user_id, session_id, reason="ended_by_owner")


@router.delete("/sessions", response_model=SessionsEnded, responses=errors(*SIGNED_IN_ERRORS))
async def end_other_sessions(db: Db, principal: SignedIn) -> SessionsEnded:
    """End all of my sessions but this one."""
    ended = await sessions.revoke(
        db, principal.user_id, reason="ended_by_owner", except_session_id=principal.session_id
    )
    return SessionsEnded(ended=ended)
