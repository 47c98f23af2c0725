"""A customer's devices in an export, and after erasing."""

from __future__ import annotations

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.devices.models import DevicePlatform
from gencharge.devices.personal_data import PART
from tests.make.push import register


async def test_an_export_lists_devices_without_their_tokens_and_erasing_takes_them_away(
    stores: Stores,
) -> None:
    owner, admin = Recipient("user", new_id()), Recipient("admin", new_id())
    device = await register(stores, owner, DevicePlatform.ANDROID, "token-of-asha", app_version="4.2")
    await register(stores, admin, DevicePlatform.ANDROID, "token-of-ravi")
    assert PART.export is not None
    assert PART.erase is not None
    (shown,) = await PART.export(stores, owner.id)
    assert (shown.device_id, shown.app_version) == (device["_id"], "4.2")
    assert "token-of-asha" not in shown.model_dump_json()
    await PART.erase(stores, owner.id)
    assert await PART.export(stores, owner.id) == []
    assert await stores.documents["devices"].count_documents({"owner_id": admin.id}) == 1
