"""Notifications over HTTP. The token's kind decides which inbox it is: a user's or an admin's."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from gencharge.core.errors import DocumentsUnavailable, ValidationFailed
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.http.web import errors
from gencharge.core.http.web import router as room
from gencharge.core.stores.mongo import Documents
from gencharge.core.vault.vault import Vault, get_vault
from gencharge.notifications import service
from gencharge.notifications.errors import NotificationNotFound
from gencharge.notifications.models import Recipient
from gencharge.notifications.schemas import (
    NotificationOut,
    NotificationPage,
    NotificationQuery,
    UnreadCount,
    ViewedCount,
)
from gencharge.sessions.guards import SIGNED_IN_ERRORS, Principal, SignedIn

router = room("notifications")
OwnVault = Annotated[Vault, Depends(get_vault)]
_ALWAYS = (*SIGNED_IN_ERRORS, DocumentsUnavailable)


def _inbox_of(principal: Principal) -> Recipient:
    return Recipient(principal.kind, principal.user_id)


@router.get("", response_model=NotificationPage, responses=errors(*_ALWAYS, ValidationFailed, CursorInvalid))
async def list_notifications(
    documents: Documents, vault: OwnVault, principal: SignedIn, query: Annotated[NotificationQuery, Query()]
) -> NotificationPage:
    """My notifications, newest first."""
    inbox = _inbox_of(principal)
    notices, cursor = await service.read(
        documents, vault, inbox, kind=query.type, unread=query.unread, limit=query.limit, cursor=query.cursor
    )
    total = (
        await service.count(documents, inbox, kind=query.type, unread=query.unread)
        if query.include_total
        else None
    )
    return NotificationPage(
        items=[NotificationOut.of(notice) for notice in notices],
        next_cursor=cursor,
        total=total,
        unread_count=await service.count(documents, inbox, unread=True),
    )


@router.get("/unread-count", response_model=UnreadCount, responses=errors(*_ALWAYS))
async def count_unread_notifications(documents: Documents, principal: SignedIn) -> UnreadCount:
    """How many I have not seen yet."""
    return UnreadCount(unread_count=await service.count(documents, _inbox_of(principal), unread=True))


@router.post("/viewed-all", response_model=ViewedCount, responses=errors(*_ALWAYS))
async def view_all_notifications(documents: Documents, principal: SignedIn) -> ViewedCount:
    """Mark all that are there now as seen."""
    return ViewedCount(viewed_count=await service.view_all(documents, _inbox_of(principal)))


@router.post(
    "/{notification_id}/viewed",
    response_model=NotificationOut,
    responses=errors(*_ALWAYS, ValidationFailed, NotificationNotFound),
)
async def view_notification(
    documents: Documents, vault: OwnVault, principal: SignedIn, notification_id: UUID
) -> NotificationOut:
    """Mark one as seen. A second time changes nothing."""
    return NotificationOut.of(await service.view(documents, vault, _inbox_of(principal), notification_id))


@router.delete(
    "/{notification_id}",
    status_code=204,
    response_model=None,
    responses=errors(*_ALWAYS, ValidationFailed, NotificationNotFound),
)
async def delete_notification(documents: Documents, principal: SignedIn, notification_id: UUID) -> None:
    """Take one out of my inbox for good."""
    await service.delete(documents, _inbox_of(principal), notification_id)
