"""The collection `devices`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase

from gencharge.core.stores.mongo import Document
from gencharge.core.values.recipient import Recipient
from gencharge.devices.models import SEALED, DevicePlatform

DEVICES: Final = SEALED.collection
_OWNER: Final = [("owner_kind", ASCENDING), ("owner_id", ASCENDING)]
INDEXES: Final = [
    IndexModel([*_OWNER, ("last_seen_at", DESCENDING)], name="owner"),
    IndexModel([("session_id", ASCENDING)], name="session"),
]
Db = AsyncDatabase[Document]


def _of(owner: Recipient) -> Document:
    return {"owner_kind": owner.kind, "owner_id": owner.id}


async def put_device(
    documents: Db, owner: Recipient, device_id: UUID, fields: Document, now: datetime
) -> Document:
    """The device, which is this owner's from now on, and nobody else's."""
    # Cheap if the indexes exist; a database that was dropped or restored gets them back.
    await documents[DEVICES].create_indexes(INDEXES)
    device: Document | None = await documents[DEVICES].find_one_and_update(
        {"_id": device_id},
        {"$set": {**_of(owner), **fields, "last_seen_at": now}, "$setOnInsert": {"registered_at": now}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    assert device is not None, "it was inserted if it was not there"
    return device


async def list_devices(
    documents: Db, owner: Recipient, platforms: Collection[DevicePlatform] | None = None
) -> list[Document]:
    """An owner's devices, the one seen last first."""
    conditions = _of(owner)
    if platforms is not None:
        conditions["platform"] = {"$in": [each.value for each in platforms]}
    return await documents[DEVICES].find(conditions).sort("last_seen_at", DESCENDING).to_list()


async def list_platforms(
    documents: Db, owners: Collection[Recipient]
) -> set[tuple[Recipient, DevicePlatform]]:
    """Which platforms these owners have devices of."""
    ids: dict[str, list[UUID]] = {}
    for owner in owners:
        ids.setdefault(owner.kind, []).append(owner.id)
    fields = {"_id": 0, "owner_kind": 1, "owner_id": 1, "platform": 1}
    reachable = set[tuple[Recipient, DevicePlatform]]()
    for kind, of_kind in ids.items():
        devices = documents[DEVICES].find({"owner_kind": kind, "owner_id": {"$in": of_kind}}, fields)
        async for device in devices:
            owner = Recipient(device["owner_kind"], device["owner_id"])
            reachable.add((owner, DevicePlatform(device["platform"])))
    return reachable


async def delete_device(documents: Db, owner: Recipient, device_id: UUID) -> bool:
    """False if it is not this owner's."""
    result = await documents[DEVICES].delete_one({"_id": device_id, **_of(owner)})
    return result.deleted_count == 1


async def delete_devices(documents: Db, owner: Recipient, device_ids: Iterable[UUID] | None = None) -> None:
    """Delete these devices of an owner, or all."""
    conditions = _of(owner)
    if device_ids is not None:
        conditions["_id"] = {"$in": list(device_ids)}
    await documents[DEVICES].delete_many(conditions)


async def delete_of_sessions(documents: Db, session_ids: Iterable[UUID]) -> None:
    """Delete the devices that registered in these sessions."""
    await documents[DEVICES].delete_many({"session_id": {"$in": list(session_ids)}})


async def add_badge(documents: Db, device_id: UUID) -> int:
    """Raise the number on the app's icon by one, and return it."""
    device: Document | None = await documents[DEVICES].find_one_and_update(
        {"_id": device_id}, {"$inc": {"badge": 1}}, return_document=ReturnDocument.AFTER
    )
    return int(device["badge"]) if device is not None else 1
