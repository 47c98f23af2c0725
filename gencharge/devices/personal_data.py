"""A customer's devices when their account is exported or erased."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.stores.mongo import answering
from gencharge.core.stores.stores import Stores
from gencharge.core.values.recipient import Recipient
from gencharge.devices import crud, service
from gencharge.devices.schemas import DeviceOut


async def _export(stores: Stores, user_id: UUID) -> Any:
    devices = await service.list_devices(stores.documents, Recipient("user", user_id))
    return [DeviceOut.of(device) for device in devices]


async def _erase(stores: Stores, user_id: UUID) -> None:
    with answering(stores.documents):
        await crud.delete_devices(stores.documents, Recipient("user", user_id))


PART: Final = PersonalData(name="devices", export=_export, erase=_erase)
