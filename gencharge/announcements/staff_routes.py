"""`/announcements`: one text for many, for the staff."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query, Request

from gencharge.announcements import staff_list_service as views
from gencharge.announcements import staff_service
from gencharge.announcements.errors import (
    AnnouncementAlreadyCancelled,
    AnnouncementNotDraft,
    AnnouncementNotFound,
    AnnouncementNotReadable,
    AnnouncementNotSent,
)
from gencharge.announcements.staff_schemas import (
    AnnouncementCreate,
    AnnouncementOut,
    AnnouncementPage,
    AnnouncementQuery,
    AnnouncementUpdate,
    SendAnnouncement,
)
from gencharge.core.errors import DatabaseUnavailable, DocumentsUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.etags import IfMatch, ResourceChanged
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.http.web import errors
from gencharge.core.postgres.database import Db
from gencharge.core.stores.mongo import Documents
from gencharge.core.vault.vault import Vault, get_vault
from gencharge.sessions.errors import OperatorOutOfScope, StepUpRequired
from gencharge.sessions.guards import ADMIN_ERRORS, Action, Principal, Requires, Resource

_ALWAYS: Final = (*ADMIN_ERRORS, ValidationFailed, DatabaseUnavailable, DocumentsUnavailable)
_ONE: Final = (*_ALWAYS, AnnouncementNotFound)
_DRAFT: Final = (*_ONE, AnnouncementNotDraft)
Reader = Annotated[Principal, Depends(Requires(Resource.ANNOUNCEMENTS, Action.READ, scoped=True))]
Writer = Annotated[Principal, Depends(Requires(Resource.ANNOUNCEMENTS, Action.WRITE, scoped=True))]
Editor = Annotated[Principal, Depends(Requires(Resource.ANNOUNCEMENTS, Action.EDIT, scoped=True))]
Deleter = Annotated[Principal, Depends(Requires(Resource.ANNOUNCEMENTS, Action.DELETE, scoped=True))]
Sender = Annotated[
    Principal, Depends(Requires(Resource.ANNOUNCEMENTS, Action.EDIT, scoped=True, step_up=True))
]
OwnVault = Annotated[Vault, Depends(get_vault)]
router = web.router("announcements")


@router.post(
    "",
    summary="Write an announcement (staff)",
    status_code=201,
    response_model=AnnouncementOut,
    responses=errors(*_ALWAYS, MalformedJson, OperatorOutOfScope),
)
async def create_announcement(
    admin: Writer, db: Db, documents: Documents, vault: OwnVault, command: AnnouncementCreate
) -> AnnouncementOut:
    """A draft, in English and Hindi. Nobody but the staff sees it until it is sent. An admin who is limited to some operators
    names one of these in the audience."""
    announcement_id = await staff_service.create(db, documents, vault, admin, command)
    return await views.detail(documents, vault, admin, announcement_id)


@router.get(
    "",
    summary="Announcements (staff)",
    response_model=AnnouncementPage,
    responses=errors(*_ALWAYS, CursorInvalid),
)
async def list_announcements(
    admin: Reader, documents: Documents, vault: OwnVault, query: Annotated[AnnouncementQuery, Query()]
) -> AnnouncementPage:
    """All announcements with what became of them, the newest first."""
    return await views.list_announcements(documents, vault, admin, query)


@router.get(
    "/{announcement_id}",
    summary="An announcement (staff)",
    response_model=AnnouncementOut,
    responses=errors(*_ONE),
)
async def get_announcement(
    admin: Reader, documents: Documents, vault: OwnVault, announcement_id: UUID
) -> AnnouncementOut:
    """One announcement, and what became of it."""
    return await views.detail(documents, vault, admin, announcement_id)


@router.patch(
    "/{announcement_id}",
    summary="Change an announcement (staff)",
    response_model=AnnouncementOut,
    responses=errors(*_DRAFT, AnnouncementNotReadable, ResourceChanged, MalformedJson, OperatorOutOfScope),
)
async def update_announcement(
    admin: Editor,
    db: Db,
    documents: Documents,
    vault: OwnVault,
    announcement_id: UUID,
    command: AnnouncementUpdate,
    if_match: IfMatch = None,
) -> AnnouncementOut:
    """Another audience, purpose or texts of a draft. What was sent is changed no more."""
    await staff_service.update(db, documents, vault, admin, announcement_id, if_match, command)
    return await views.detail(documents, vault, admin, announcement_id)


@router.delete(
    "/{announcement_id}",
    summary="Delete a draft (staff)",
    status_code=204,
    response_model=None,
    responses=errors(*_DRAFT),
)
async def delete_announcement(
    admin: Deleter, db: Db, documents: Documents, vault: OwnVault, announcement_id: UUID
) -> None:
    """Delete a draft for good. What was sent is cancelled instead."""
    await staff_service.delete(db, documents, vault, admin, announcement_id)


@router.post(
    "/{announcement_id}/send",
    summary="Send an announcement (staff)",
    response_model=AnnouncementOut,
    responses=errors(*_DRAFT, AnnouncementNotReadable, ResourceChanged, MalformedJson, StepUpRequired),
)
async def send_announcement(
    admin: Sender,
    db: Db,
    request: Request,
    documents: Documents,
    vault: OwnVault,
    announcement_id: UUID,
    command: SendAnnouncement,
    if_match: IfMatch = None,
) -> AnnouncementOut:
    """Show it to its audience now, or from `starts_at` on. Everybody in the audience has it with the answer, and who signs up later
    does not get it. Needs step-up."""
    await staff_service.send(
        db, documents, vault, request.app.state.settings, admin, announcement_id, if_match, command
    )
    return await views.detail(documents, vault, admin, announcement_id)


@router.post(
    "/{announcement_id}/cancel",
    summary="Cancel an announcement (staff)",
    response_model=AnnouncementOut,
    responses=errors(
        *_ONE, ResourceChanged, AnnouncementNotSent, AnnouncementAlreadyCancelled, StepUpRequired
    ),
)
async def cancel_announcement(
    admin: Sender,
    db: Db,
    documents: Documents,
    vault: OwnVault,
    announcement_id: UUID,
    if_match: IfMatch = None,
) -> AnnouncementOut:
    """Take it out of all inboxes at once; nothing more of it goes out. Needs step-up."""
    await staff_service.cancel(db, documents, vault, admin, announcement_id, if_match)
    return await views.detail(documents, vault, admin, announcement_id)
