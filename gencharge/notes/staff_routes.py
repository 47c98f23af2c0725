"""`/users/{user_id}/notes`: what the staff note about a customer. With the permissions of the customer's page."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Request, Response

from gencharge.core.errors import (
    DatabaseUnavailable,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MalformedJson,
    ValidationFailed,
)
from gencharge.core.http import idempotency, web
from gencharge.core.http.paging import CursorInvalid, Paging
from gencharge.core.http.web import errors
from gencharge.core.postgres.database import Db
from gencharge.notes import service
from gencharge.notes.errors import NoteNotFound, NoteOfAnotherAdmin
from gencharge.notes.staff_schemas import NoteCreate, NoteOut, NotePage
from gencharge.sessions.guards import ADMIN_ERRORS, Action, Principal, Requires, Resource
from gencharge.users.errors import UserAlreadyArchived, UserNotFound

router = web.router("users")
Reader = Annotated[Principal, Depends(Requires(Resource.USERS, Action.READ))]
Editor = Annotated[Principal, Depends(Requires(Resource.USERS, Action.EDIT))]
_ALWAYS: Final = (*ADMIN_ERRORS, DatabaseUnavailable, ValidationFailed)


@router.get(
    "/{user_id}/notes",
    summary="Notes about a customer (staff)",
    response_model=NotePage,
    responses=errors(*_ALWAYS, CursorInvalid),
)
async def list_notes(db: Db, admin: Reader, user_id: UUID, page: Paging) -> NotePage:
    """What the staff noted about a customer, the newest first."""
    return await service.list_notes(db, user_id, page)


@router.post(
    "/{user_id}/notes",
    summary="Note something about a customer (staff)",
    status_code=201,
    response_model=NoteOut,
    responses=errors(
        *_ALWAYS,
        MalformedJson,
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        UserNotFound,
        UserAlreadyArchived,
    ),
    openapi_extra=idempotency.DOCUMENTED,
)
async def create_note(db: Db, admin: Editor, request: Request, user_id: UUID, body: NoteCreate) -> Response:
    """For the staff. It can't be changed; its author can take it back. The customer gets the text when they ask for their data."""
    key = idempotency.key_of(request)
    note = await service.write(db, user_id, author_id=admin.user_id, text=body.text, key=key)
    return idempotency.reply(note, status=201)


@router.delete(
    "/{user_id}/notes/{note_id}",
    summary="Take a note about a customer back (staff)",
    status_code=204,
    responses=errors(*_ALWAYS, NoteNotFound, NoteOfAnotherAdmin),
)
async def delete_note(db: Db, admin: Editor, user_id: UUID, note_id: UUID) -> None:
    """Delete a note of one's own. The audit trail keeps that it was there, not what it said."""
    await service.take_back(db, user_id, note_id, by=admin.user_id)
