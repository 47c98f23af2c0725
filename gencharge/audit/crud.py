"""Entries in MongoDB (`audit_entries`), anchors and the sealer's lease in PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.audit.models import AuditAnchor, Head
from gencharge.core.stores.mongo import Document, add_once

COLLECTION: Final = "audit_entries"
_CHAIN: Final = "audit"
_TIME: Final = [("occurred_at", ASCENDING), ("_id", ASCENDING)]
INDEXES: Final = [
    # Two sealers can't give the same number to two entries.
    IndexModel(
        [("sequence", ASCENDING)], name="chain", unique=True, partialFilterExpression={"sealed": True}
    ),
    IndexModel(
        [("sealed", ASCENDING), ("_id", ASCENDING)],
        name="unsealed",
        partialFilterExpression={"sealed": False},
    ),
    # One for each selective filter; the other filters are checked in the results of these (`list_entries`).
    IndexModel([("request_id", ASCENDING), *_TIME], name="of_request_in_time"),
    IndexModel([("object.id", ASCENDING), *_TIME], name="of_object_in_time"),
    IndexModel([("actor.id", ASCENDING), *_TIME], name="of_actor_in_time"),
    IndexModel([("user_id", ASCENDING), *_TIME], name="of_user_in_time"),
    IndexModel([("action", ASCENDING), *_TIME], name="of_action_in_time"),
    IndexModel(_TIME, name="failed_in_time", partialFilterExpression={"result": "failed"}),
    IndexModel(_TIME, name="of_admins_in_time", partialFilterExpression={"actor.kind": "admin"}),
    IndexModel(_TIME, name="in_time"),
]
# Entries that one page looks at.
LOOK_THROUGH: Final = 5_000


def _entries(documents: AsyncDatabase[Document]) -> AsyncCollection[Document]:
    return documents[COLLECTION]


async def add_entries(documents: AsyncDatabase[Document], entries: Sequence[Document]) -> None:
    """Add new entries; an existing one is never changed."""
    await _entries(documents).create_indexes(INDEXES)
    await add_once(_entries(documents), entries)


async def list_unsealed(
    documents: AsyncDatabase[Document], *, before: datetime, limit: int
) -> list[Document]:
    """The entries that happened before an instant and have no place in the chain, in the order of their ids."""
    conditions = {"sealed": False, "occurred_at": {"$lt": before}}
    return await _entries(documents).find(conditions).sort("_id", ASCENDING).limit(limit).to_list()


async def count_unsealed(documents: AsyncDatabase[Document]) -> int:
    """How many entries have no place in the chain yet."""
    return await _entries(documents).count_documents({"sealed": False})


async def count_behind(documents: AsyncDatabase[Document], sequence: int) -> int:
    """How many entries are not among the first `sequence` places of the chain."""
    entries = _entries(documents)
    places = await entries.count_documents({"sealed": True, "sequence": {"$lte": sequence}})
    return await entries.count_documents({}) - places


async def set_seals(documents: AsyncDatabase[Document], seals: Sequence[tuple[UUID, int, str, str]]) -> int:
    """Give entries their (id, sequence, previous hash, hash); how many were still unsealed."""
    updates = [
        UpdateOne(
            {"_id": entry_id, "sealed": False},
            {"$set": {"sealed": True, "sequence": sequence, "previous_hash": previous, "hash": own}},
        )
        for entry_id, sequence, previous, own in seals
    ]
    return (await _entries(documents).bulk_write(updates, ordered=False)).modified_count


async def remove_seals(documents: AsyncDatabase[Document], *, after: int) -> int:
    """Remove the seals after `after`, which were never anchored, and return their number."""
    result = await _entries(documents).update_many(
        {"sealed": True, "sequence": {"$gt": after}},
        {"$set": {"sealed": False}, "$unset": {"sequence": "", "previous_hash": "", "hash": ""}},
    )
    return result.modified_count


async def iterate_sealed(documents: AsyncDatabase[Document], *, upto: int) -> AsyncIterator[Document]:
    """The chain's entries in order."""
    conditions = {"sealed": True, "sequence": {"$lte": upto}}
    async for entry in (
        _entries(documents).find(conditions).sort([("sequence", ASCENDING), ("_id", ASCENDING)])
    ):
        yield entry


async def find_by_hash(documents: AsyncDatabase[Document], own_hash: str) -> Document | None:
    """The sealed entry with this hash. A scan: only for a chain that was found broken."""
    return await _entries(documents).find_one({"sealed": True, "hash": own_hash})


async def get_entry(documents: AsyncDatabase[Document], entry_id: UUID) -> Document | None:
    """The entry with this id, sealed or not."""
    return await _entries(documents).find_one({"_id": entry_id})


async def list_entries(
    documents: AsyncDatabase[Document],
    indexed: Document,
    unindexed: Document,
    *,
    after: tuple[datetime, UUID] | None,
    descending: bool,
    limit: int,
    look_through: int = LOOK_THROUGH,
) -> tuple[list[Document], Document | None]:
    """At most `limit` entries in the order of time, and the last one that was looked at: the `look_through`-th that
    matches `indexed`, or None if there are fewer.

    An index answers `indexed` in that order; `unindexed` is checked in its results. So a page never reads more than
    `look_through` entries, however few of them match.
    """
    direction = -1 if descending else 1
    conditions = {"$and": [indexed, _beyond(after, descending=descending)]} if after else indexed
    order = {"occurred_at": direction, "_id": direction}
    window: list[Document] = [{"$match": conditions}, {"$sort": order}, {"$limit": look_through}]
    result = await _entries(documents).aggregate([*window, {"$match": unindexed}, {"$limit": limit}])
    entries = await result.to_list()
    if len(entries) == limit:
        return entries, None
    edge: list[Document] = [{"$project": {"occurred_at": 1}}, {"$skip": look_through - 1}]
    stopped_at = await (await _entries(documents).aggregate([*window, *edge])).to_list()
    return entries, stopped_at[0] if stopped_at else None


async def list_of_object(documents: AsyncDatabase[Document], object_id: str, limit: int) -> list[Document]:
    """The entries about one object, the oldest first, `limit` at most."""
    return await _entries(documents).find({"object.id": object_id}).sort(_TIME).limit(limit).to_list()


def _beyond(after: tuple[datetime, UUID], *, descending: bool) -> Document:
    instant, tie = after
    operator = "$lt" if descending else "$gt"
    return {
        "occurred_at": {f"{operator}e": instant},  # the bound that the index can use
        "$or": [{"occurred_at": {operator: instant}}, {"_id": {operator: tie}}],
    }


async def take_lease(db: AsyncSession, holder: UUID, *, seconds: float) -> bool:
    """Become the only sealer; False while there is another one."""
    leased = await db.execute(
        text("""
            INSERT INTO audit_sealers (chain, holder, leased_until)
            VALUES (:chain, :holder, now() + make_interval(secs => :seconds))
            ON CONFLICT (chain) DO UPDATE SET holder = excluded.holder, leased_until = excluded.leased_until
            WHERE audit_sealers.leased_until <= now()
            RETURNING holder
        """),
        {"chain": _CHAIN, "holder": holder, "seconds": seconds},
    )
    return leased.first() is not None


async def renew_lease(db: AsyncSession, holder: UUID, *, seconds: float) -> bool:
    """Extend the lease by `seconds` and lock it to the end of the transaction; False if another sealer took over."""
    renewed = await db.execute(
        text("""
            UPDATE audit_sealers SET leased_until = now() + make_interval(secs => :seconds)
            WHERE chain = :chain AND holder = :holder RETURNING holder
        """),
        {"chain": _CHAIN, "holder": holder, "seconds": seconds},
    )
    return renewed.first() is not None


async def get_head(db: AsyncSession, *, upto: int | None = None) -> Head:
    """The last anchor, or the beginning. `upto`: the last one that is not behind this place."""
    query = select(AuditAnchor.sequence, AuditAnchor.hash).order_by(AuditAnchor.sequence.desc()).limit(1)
    if upto is not None:
        query = query.where(AuditAnchor.sequence <= upto)
    row = (await db.execute(query)).first()
    return Head(row.sequence, row.hash) if row else Head()


async def delete_anchors(db: AsyncSession, *, after: int) -> None:
    """Delete the anchors behind a place. The application's login may not."""
    await db.execute(delete(AuditAnchor).where(AuditAnchor.sequence > after))


async def add_anchor(db: AsyncSession, head: Head) -> None:
    """Store a head of the chain for good."""
    db.add(AuditAnchor(sequence=head.sequence, hash=head.hash))
    await db.flush()


async def list_anchors(db: AsyncSession, *, after: int, upto: int, limit: int) -> list[Head]:
    """A page of anchors in order."""
    rows = await db.execute(
        select(AuditAnchor.sequence, AuditAnchor.hash)
        .where(AuditAnchor.sequence > after, AuditAnchor.sequence <= upto)
        .order_by(AuditAnchor.sequence)
        .limit(limit)
    )
    return [Head(row.sequence, row.hash) for row in rows]
