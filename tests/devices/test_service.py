"""A device belongs to the account that registered it last, is sent to by its owner's messages alone, and there are not too many."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.core.vault.vault import Vault
from gencharge.devices import service
from gencharge.devices.errors import DeviceNotFound
from gencharge.devices.models import Address, DevicePlatform
from tests.make.push import register

ANDROID, IOS, WEB = DevicePlatform.ANDROID, DevicePlatform.IOS, DevicePlatform.WEB


def somebody() -> Recipient:
    return Recipient("user", new_id())


async def tokens(stores: Stores, owner: Recipient) -> list[str]:
    vault = Vault.of_database(stores.database)
    devices = await service.reach_all(stores.documents, vault, [owner], tuple(DevicePlatform))
    return [device.address.token for device in devices.get(owner, [])]


async def test_a_token_moves_to_the_account_that_registers_it(stores: Stores) -> None:
    asha, ravi = somebody(), somebody()
    first = await register(stores, asha, ANDROID, "shared-phone")
    second = await register(stores, ravi, ANDROID, "shared-phone")
    assert first["_id"] == second["_id"]
    assert (await tokens(stores, asha), await tokens(stores, ravi)) == ([], ["shared-phone"])
    with pytest.raises(DeviceNotFound):
        await service.unregister(stores.documents, asha, first["_id"])


async def test_registering_again_says_that_it_is_still_there(stores: Stores) -> None:
    owner, now = somebody(), clock.now().replace(microsecond=0)
    await register(stores, owner, IOS, "phone", at=now, app_version="1.0")
    later = now + timedelta(days=3)
    device = await register(stores, owner, IOS, "phone", at=later, app_version="2.0", badge=2)
    assert (device["registered_at"], device["last_seen_at"]) == (now, later)
    assert (device["app_version"], device["badge"]) == ("2.0", 2)
    assert await service.next_badge(stores.documents, device["_id"]) == 3


async def test_racing_registrations_of_one_token_leave_one_device(stores: Stores) -> None:
    owners = [somebody() for _ in range(10)]
    await asyncio.gather(*(register(stores, owner, ANDROID, "raced") for owner in owners))
    assert sum([len(await tokens(stores, owner)) for owner in owners]) == 1


async def test_the_devices_that_were_not_seen_longest_make_room(stores: Stores) -> None:
    owner, now = somebody(), clock.now()
    for number in range(service.MAX_DEVICES + 3):
        await register(stores, owner, ANDROID, f"phone-{number}", at=now + timedelta(minutes=number))
    reached = await tokens(stores, owner)
    assert len(reached) == service.MAX_DEVICES
    assert "phone-2" not in reached
    assert "phone-3" in reached


async def test_addresses_are_encrypted_and_one_that_can_not_be_read_stops_nothing(stores: Stores) -> None:
    owner = somebody()
    browser = Address("https://push.example/secret-path", p256dh="point", auth="auth-secret")
    lost = await register(stores, owner, WEB, "", address=browser)
    await register(stores, owner, ANDROID, "token-in-clear")
    documents = await stores.documents["devices"].find({"owner_id": owner.id}).to_list()
    assert not any(part in str(documents) for part in ("secret-path", "auth-secret", "token-in-clear"))
    wrong = next(each["address"] for each in documents if each["platform"] == "android")
    await stores.documents["devices"].update_one({"_id": lost["_id"]}, {"$set": {"address": wrong}})
    assert await tokens(stores, owner) == ["token-in-clear"]


async def test_a_device_that_is_gone_is_dropped_for_its_owner_alone(stores: Stores) -> None:
    asha, ravi = somebody(), somebody()
    device = await register(stores, ravi, ANDROID, "moved")
    await service.drop(stores.documents, asha, [device["_id"]])
    assert await tokens(stores, ravi) == ["moved"]
    await service.drop(stores.documents, ravi, [device["_id"]])
    assert await tokens(stores, ravi) == []
