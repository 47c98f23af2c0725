"""The collection `devices`."""

from __future__ import annotations

from collections import defaultdict
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


async def list_devices(documents: Db, owner: Recipient) -> list[Document]:
    """An owner's devices, the one seen last first."""
    return await documents[DEVICES].find(_of(owner)).sort("last_seen_at", DESCENDING).to_list()


async def list_of_owners(
    documents: Db, owners: Collection[Recipient], platforms: Collection[DevicePlatform]
) -> list[Document]:
    """The devices of these owners and platforms, the one seen last first."""
    devices = list[Document]()
    among = {"$in": [each.value for each in platforms]}
    for conditions in _of_each(owners):
        devices += await documents[DEVICES].find(conditions | {"platform": among}).to_list()
    return sorted(devices, key=lambda device: device["last_seen_at"], reverse=True)


async def list_platforms(
    documents: Db, owners: Collection[Recipient]
) -> set[tuple[Recipient, DevicePlatform]]:
    """Which platforms these owners have devices of."""
    fields = {"_id": 0, "owner_kind": 1, "owner_id": 1, "platform": 1}
    return {
        (Recipient(device["owner_kind"], device["owner_id"]), DevicePlatform(device["platform"]))
        for conditions in _of_each(owners)
        for device in await documents[DEVICES].find(conditions, fields).to_list()
    }


def _of_each(owners: Collection[Recipient]) -> list[Document]:
    """A condition for each kind of owner among these."""
    ids = defaultdict[str, list[UUID]](list)
    for owner in owners:
        ids[owner.kind].append(owner.id)
    return [{"owner_kind": kind, "owner_id": {"$in": of_kind}} for kind, of_kind in ids.items()]


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
