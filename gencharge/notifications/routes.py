"""Notifications over HTTP. The token's kind decides which inbox it is: a user's or an admin's."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from gencharge.core.errors import DatabaseUnavailable, DocumentsUnavailable, ValidationFailed
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.http.web import errors
from gencharge.core.http.web import router as room
from gencharge.core.stores.stores import Stores
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
from gencharge.notifications.service import Inbox
from gencharge.sessions.guards import SIGNED_IN_ERRORS, Principal, SignedIn

router = room("notifications")
_ALWAYS = (*SIGNED_IN_ERRORS, DatabaseUnavailable, DocumentsUnavailable)


async def _open(request: Request, principal: Principal) -> tuple[Stores, Inbox]:
    stores: Stores = request.app.state.stores
    return stores, await service.open_inbox(stores, Recipient(principal.kind, principal.user_id))


@router.get("", response_model=NotificationPage, responses=errors(*_ALWAYS, ValidationFailed, CursorInvalid))
async def list_notifications(
    request: Request, principal: SignedIn, query: Annotated[NotificationQuery, Query()]
) -> NotificationPage:
    """My notifications and the announcements for me, newest first."""
    stores, inbox = await _open(request, principal)
    notices, cursor = await service.read(
        stores, inbox, kind=query.type, unread=query.unread, limit=query.limit, cursor=query.cursor
    )
    total = (
        await service.count(stores, inbox, kind=query.type, unread=query.unread)
        if query.include_total
        else None
    )
    return NotificationPage(
        items=[NotificationOut.of(notice) for notice in notices],
        next_cursor=cursor,
        total=total,
        unread_count=await service.count(stores, inbox, unread=True),
    )


@router.get("/unread-count", response_model=UnreadCount, responses=errors(*_ALWAYS))
async def count_unread_notifications(request: Request, principal: SignedIn) -> UnreadCount:
    """How many I have not seen yet."""
    stores, inbox = await _open(request, principal)
    return UnreadCount(unread_count=await service.count(stores, inbox, unread=True))


@router.post("/viewed-all", response_model=ViewedCount, responses=errors(*_ALWAYS))
async def view_all_notifications(request: Request, principal: SignedIn) -> ViewedCount:
    """Mark all that are there now as seen."""
    stores, inbox = await _open(request, principal)
    return ViewedCount(viewed_count=await service.view_all(stores, inbox))


@router.post(
    "/{notification_id}/viewed",
    response_model=NotificationOut,
    responses=errors(*_ALWAYS, ValidationFailed, NotificationNotFound),
)
async def view_notification(request: Request, principal: SignedIn, notification_id: UUID) -> NotificationOut:
    """Mark one as seen. A second time changes nothing."""
    stores, inbox = await _open(request, principal)
    return NotificationOut.of(await service.view(stores, inbox, notification_id))


@router.delete(
    "/{notification_id}",
    status_code=204,
    response_model=None,
    responses=errors(*_ALWAYS, ValidationFailed, NotificationNotFound),
)
async def delete_notification(request: Request, principal: SignedIn, notification_id: UUID) -> None:
    """Take one out of my inbox for good."""
    stores, inbox = await _open(request, principal)
    await service.delete(stores, inbox, notification_id)
