"""The audit trail: one entry for every event, written once, and read by admins who may."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import FastAPI
from pymongo.asynchronous.database import AsyncDatabase

from gencharge.audit import crud
from gencharge.audit.entries import actions, entry_of, object_types
from gencharge.audit.errors import AuditEntryNotFound
from gencharge.audit.staff_schemas import AuditEntryOut, AuditQuery
from gencharge.core.events.events import Envelope
from gencharge.core.http.choices import Choices
from gencharge.core.http.paging import decode_cursor, encode_cursor
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.stores.stores import Stores

_PAGE: Final = 100


async def record(stores: Stores, batch: list[Envelope]) -> None:
    """Write the entries of these events; an existing one is never changed. Raises PyMongoError."""
    audited = [envelope for envelope in batch if envelope.event.audited]
    if audited:
        await crud.add_entries(stores.documents, [entry_of(envelope) for envelope in audited])


async def read(
    documents: AsyncDatabase[Document], query: AuditQuery, *, look_through: int = crud.LOOK_THROUGH
) -> tuple[list[Document], str | None]:
    """A page of the trail and the next page's cursor. It looks at `look_through` entries at most, so it may be short
    and still have a next cursor. Raises CursorInvalid, DocumentsUnavailable.
    """
    after = None
    if query.cursor is not None:
        instant, tie = decode_cursor(query.cursor, kinds=(datetime, UUID))
        after = (instant, tie)
    indexed, unindexed = _conditions(query)
    with answering(documents):
        entries, stopped_at = await crud.list_entries(
            documents,
            indexed,
            unindexed,
            after=after,
            descending=query.sort.startswith("-"),
            limit=query.limit + 1,
            look_through=look_through,
        )
    last = stopped_at
    if len(entries) > query.limit:
        entries = entries[: query.limit]
        last = entries[-1]
    return entries, encode_cursor(last["occurred_at"], last["_id"]) if last is not None else None


async def walk(
    documents: AsyncDatabase[Document], *, since: datetime | None, until: datetime | None, **filters: Any
) -> AsyncIterator[Sequence[AuditEntryOut]]:
    """All entries that match, the oldest first, a page at a time. `filters` are those of `AuditQuery`.

    Raises DocumentsUnavailable.
    """
    query = AuditQuery(limit=_PAGE, sort="occurred_at", **filters)
    query = query.model_copy(update={"since": since, "until": until})
    cursor: str | None = ""
    while cursor is not None:
        entries, cursor = await read(documents, query.model_copy(update={"cursor": cursor or None}))
        yield [AuditEntryOut.of(entry) for entry in entries]


async def get(documents: AsyncDatabase[Document], entry_id: UUID) -> Document:
    """One entry. Raises AuditEntryNotFound, DocumentsUnavailable."""
    with answering(documents):
        entry = await crud.get_entry(documents, entry_id)
    if entry is None:
        raise AuditEntryNotFound
    return entry


async def list_of_object(documents: AsyncDatabase[Document], object_id: str, *, limit: int) -> list[Document]:
    """The entries about one object, the oldest first, `limit` at most. Raises DocumentsUnavailable."""
    with answering(documents):
        return await crud.list_of_object(documents, object_id, limit)


def _conditions(query: AuditQuery) -> tuple[Document, Document]:
    """The conditions that an index answers (the most selective filter that has one, and the period), and the others."""
    # (field, value, whether an index has all entries of this value in the order of time)
    filters: list[tuple[str, str | None, bool]] = [
        ("request_id", query.request_id, True),
        ("object.id", query.object_id, True),
        ("actor.id", str(query.actor_id) if query.actor_id else None, True),
        ("user_id", str(query.user_id) if query.user_id else None, True),
        ("action", query.action, True),
        ("result", query.result, query.result == "failed"),
        ("actor.kind", query.actor_kind, query.actor_kind == "admin"),
        ("object.type", query.object_type, False),
    ]
    indexed: Document = {}
    unindexed: Document = {}
    for field, value, has_index in filters:
        if value is not None:
            # As the operand of $eq a value never becomes an operator.
            (indexed if has_index and not indexed else unindexed)[field] = {"$eq": value}
    since = {"$gte": query.since} if query.since is not None else {}
    until = {"$lt": query.until} if query.until is not None else {}
    if since or until:
        indexed["occurred_at"] = since | until
    return indexed, unindexed


async def action_choices(app: FastAPI, fresh: bool) -> Choices:
    """What a filter of actions may say: what this version's events are called in the trail."""
    del app, fresh
    return Choices.of(sorted(set(actions())))


async def object_type_choices(app: FastAPI, fresh: bool) -> Choices:
    """The kinds of objects that entries are about."""
    del app, fresh
    return Choices.of(sorted(set(object_types())))
