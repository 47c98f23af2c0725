"""The inbox: add, read, view, delete."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from pymongo.asynchronous.database import AsyncDatabase

from gencharge.core.http.paging import decode_cursor, encode_cursor
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.values import clock
from gencharge.core.vault.vault import Vault
from gencharge.notifications import crud
from gencharge.notifications.errors import NotificationNotFound
from gencharge.notifications.models import Notice, NotificationType, Recipient, from_document
from gencharge.notifications.schemas import NotificationOut


async def read(
    documents: AsyncDatabase[Document],
    vault: Vault,
    owner: Recipient,
    *,
    kind: NotificationType | None = None,
    unread: bool | None = None,
    limit: int = 20,
    cursor: str | None = None,
) -> tuple[list[Notice], str | None]:
    """A page of the inbox, newest first, and the next page's cursor.

    `unread`: True = only unread, False = only viewed ones. Raises CursorInvalid, DocumentsUnavailable.
    """
    after = None
    if cursor is not None:
        instant, tie = decode_cursor(cursor, kinds=(datetime, UUID))
        after = (instant, tie)
    with answering(documents):
        documents_read = await crud.list_notices(
            documents, owner, kind=kind, unread=unread, now=clock.now(), after=after, limit=limit + 1
        )
    notices = [await from_document(vault, document) for document in documents_read[:limit]]
    more = len(documents_read) > limit
    return notices, encode_cursor(notices[-1].created_at, notices[-1].id) if more else None


async def count(
    documents: AsyncDatabase[Document],
    owner: Recipient,
    *,
    kind: NotificationType | None = None,
    unread: bool | None = None,
) -> int:
    """How many notices. Raises DocumentsUnavailable."""
    with answering(documents):
        return await crud.count_notices(documents, owner, kind=kind, unread=unread, now=clock.now())


async def show_many(
    documents: AsyncDatabase[Document], vault: Vault, notice_ids: Sequence[UUID]
) -> dict[UUID, NotificationOut]:
    """Those of these notices that their owners have not deleted. Whose they are, the caller knows. Raises DocumentsUnavailable."""
    with answering(documents):
        rows = await crud.get_notices(documents, notice_ids)
    return {document["_id"]: NotificationOut.of(await from_document(vault, document)) for document in rows}


async def count_unread_of(
    documents: AsyncDatabase[Document], owners: Collection[Recipient]
) -> dict[Recipient, int]:
    """How many unread notices each of these has. Raises DocumentsUnavailable."""
    with answering(documents):
        counts = await crud.count_unread_of(documents, owners, clock.now())
    return {owner: counts.get(owner, 0) for owner in owners}


async def view(documents: AsyncDatabase[Document], vault: Vault, owner: Recipient, notice_id: UUID) -> Notice:
    """Mark a notice as viewed; a second view changes nothing. Raises NotificationNotFound, DocumentsUnavailable."""
    with answering(documents):
        document = await crud.mark_viewed(documents, owner, notice_id, clock.now())
    if document is None:
        raise NotificationNotFound
    return await from_document(vault, document)


async def view_all(documents: AsyncDatabase[Document], owner: Recipient) -> int:
    """Mark all present notices as viewed, and return how many were unread. Raises DocumentsUnavailable."""
    with answering(documents):
        return await crud.mark_all_viewed(documents, owner, clock.now())


async def delete(documents: AsyncDatabase[Document], owner: Recipient, notice_id: UUID) -> None:
    """Delete a notice from the inbox for good. Raises NotificationNotFound, DocumentsUnavailable."""
    with answering(documents):
        if not await crud.mark_deleted(documents, owner, notice_id, clock.now()):
            raise NotificationNotFound
