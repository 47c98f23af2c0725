"""Registering devices for push messages, and dropping them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final
from uuid import UUID

from gencharge.core.rooms.resealing import UNREADABLE
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.values.recipient import Recipient
from gencharge.core.vault.vault import Vault
from gencharge.devices import crud
from gencharge.devices.crud import Db
from gencharge.devices.errors import DeviceNotFound
from gencharge.devices.models import (
    Device,
    DevicePlatform,
    Registration,
    device_id_of,
    from_document,
    sealed_address,
)

# Of one owner. The ones not seen for the longest time make room.
MAX_DEVICES: Final = 20


async def register(documents: Db, vault: Vault, owner: Recipient, registration: Registration) -> Document:
    """Register a device, or see it again. A token that another account registered moves to this one.

    Raises DocumentsUnavailable, DataKeyNotUsable, DatabaseUnavailable.
    """
    device_id = device_id_of(registration.platform, registration.address.token)
    fields = {
        "platform": registration.platform.value,
        "address": await sealed_address(vault, device_id, registration.address),
        "app_version": registration.app_version,
        "language": registration.language,
        "badge": registration.badge,
        "session_id": registration.session_id,
    }
    with answering(documents):
        device = await crud.put_device(documents, owner, device_id, fields, registration.at)
        devices = await crud.list_devices(documents, owner)
        if superfluous := [each["_id"] for each in devices[MAX_DEVICES:]]:
            await crud.delete_devices(documents, owner, superfluous)
    return device


async def list_devices(documents: Db, owner: Recipient) -> list[Document]:
    """The owner's devices, without their addresses. Raises DocumentsUnavailable."""
    with answering(documents):
        return await crud.list_devices(documents, owner)


async def reach_all(
    documents: Db, vault: Vault, owners: Collection[Recipient], platforms: Collection[DevicePlatform]
) -> dict[Recipient, list[Device]]:
    """These owners' devices of these platforms, with their addresses, the one seen last first. One that can't be read is left out, and
    so is an owner without any.

    Raises DocumentsUnavailable, DatabaseUnavailable.
    """
    with answering(documents):
        stored = await crud.list_of_owners(documents, owners, platforms)
    devices = defaultdict[Recipient, list[Device]](list)
    for document in stored:
        try:
            device = await from_document(vault, document)
        except UNREADABLE:
            continue
        devices[Recipient(document["owner_kind"], document["owner_id"])].append(device)
    return devices


async def platforms_of(documents: Db, owners: Collection[Recipient]) -> set[tuple[Recipient, DevicePlatform]]:
    """Which platforms these owners have devices of. Raises DocumentsUnavailable."""
    with answering(documents):
        return await crud.list_platforms(documents, owners)


async def unregister(documents: Db, owner: Recipient, device_id: UUID) -> None:
    """Send nothing to this device any more. Raises DeviceNotFound, DocumentsUnavailable."""
    with answering(documents):
        if not await crud.delete_device(documents, owner, device_id):
            raise DeviceNotFound


async def drop(documents: Db, owner: Recipient, device_ids: Iterable[UUID]) -> None:
    """Forget devices of which the push service says that they are gone. Raises DocumentsUnavailable."""
    with answering(documents):
        await crud.delete_devices(documents, owner, device_ids)


async def next_badge(documents: Db, device_id: UUID) -> int:
    """The number that the app's icon shows with one message more. Raises DocumentsUnavailable."""
    with answering(documents):
        return await crud.add_badge(documents, device_id)
