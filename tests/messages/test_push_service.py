"""A push message goes to all devices of its recipient, each once, and to nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from gencharge.core.message import ChannelDown, NotSent, RecipientRefused
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.recipient import Recipient
from gencharge.devices import service as devices
from gencharge.devices.models import Device, DevicePlatform
from gencharge.messages.loop import MessageLoop
from gencharge.messages.models import MessageChannel, Outgoing
from gencharge.messages.push_clients import Push
from gencharge.messages.push_service import PushSender, push_senders_of
from tests.make.factories import make_user
from tests.make.messages import enqueue, outgoing, stored
from tests.make.push import push_settings, register

ANDROID, IOS, MOBILE = DevicePlatform.ANDROID, DevicePlatform.IOS, MessageChannel.MOBILE_PUSH


class PushService:
    """Takes pushes, or answers for a token what it is given."""

    def __init__(self, **problems: NotSent) -> None:
        self.problems = problems
        self.taken: list[tuple[str, Push]] = []

    async def send(self, device: Device, push: Push) -> None:
        problem = self.problems.get(device.address.token)
        if problem is not None:
            raise problem
        self.taken.append((device.address.token, push))

    async def close(self) -> None:
        pass


async def owner_of(stores: Stores) -> Recipient:
    return Recipient("user", (await stores.database.run(make_user)).user_id)


async def send(stores: Stores, client: PushService, message: Outgoing | None = None) -> Any:
    """Queue and send one, with what is due; its document."""
    if message is not None:
        await enqueue(stores, message)
    loop = MessageLoop(stores, {MOBILE: PushSender(stores, {ANDROID: client, IOS: client})})
    await loop.drain()
    await loop.close()


async def test_every_device_gets_it_and_the_icons_number_rises(stores: Stores) -> None:
    owner, other = await owner_of(stores), await owner_of(stores)
    await register(stores, owner, ANDROID, "phone")
    await register(stores, owner, IOS, "tablet", badge=4)
    await register(stores, owner, DevicePlatform.WEB, "https://push.example/x")
    await register(stores, other, ANDROID, "strangers")
    client, message = PushService(), outgoing(recipient=owner, channel=MOBILE)
    await send(stores, client, message)
    assert sorted((token, push.badge) for token, push in client.taken) == [("phone", None), ("tablet", 5)]
    document = await stored(stores, message)
    assert (document["state"], document["units"]) == ("sent", 2)


async def test_the_devices_of_many_are_looked_up_together(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners = [await owner_of(stores) for _ in range(20)]
    for number, owner in enumerate(owners):
        await register(stores, owner, ANDROID, f"phone-{number}")
    looks = list[int]()
    reach_all = devices.reach_all

    async def counted(documents: Any, vault: Any, of: Any, platforms: Any) -> Any:
        looks.append(len(of))
        return await reach_all(documents, vault, of, platforms)

    monkeypatch.setattr(devices, "reach_all", counted)
    messages = [outgoing(recipient=owner, channel=MOBILE) for owner in owners]
    await enqueue(stores, *messages)
    client = PushService()
    await send(stores, client)
    assert sorted(token for token, _ in client.taken) == sorted(f"phone-{number}" for number in range(20))
    assert looks == [20]


async def test_a_device_that_is_gone_is_dropped(stores: Stores) -> None:
    owner = await owner_of(stores)
    await register(stores, owner, ANDROID, "gone")
    present = await register(stores, owner, ANDROID, "here")
    await send(stores, PushService(gone=RecipientRefused("gone")), outgoing(recipient=owner, channel=MOBILE))
    assert [each["_id"] for each in await devices.list_devices(stores.documents, owner)] == [present["_id"]]


async def test_without_a_device_the_message_is_dropped_with_that_reason(stores: Stores) -> None:
    owner = await owner_of(stores)
    device = await register(stores, owner, ANDROID, "unregistered")
    message = outgoing(recipient=owner, channel=MOBILE)
    await enqueue(stores, message)
    await devices.unregister(stores.documents, owner, device["_id"])
    await send(stores, PushService())
    assert (await stored(stores, message))["drop_reason"] == "no_device"
    await register(stores, owner, ANDROID, "gone")
    message = outgoing(recipient=owner, channel=MOBILE)
    await send(stores, PushService(gone=RecipientRefused("gone")), message)
    assert (await stored(stores, message))["drop_reason"] == "no_device"
    assert await stores.documents["message_undeliverable"].count_documents({}) == 0


async def test_a_second_try_goes_only_to_the_devices_that_the_first_did_not_reach(stores: Stores) -> None:
    owner = await owner_of(stores)
    await register(stores, owner, ANDROID, "quick")
    await register(stores, owner, ANDROID, "slow")
    client, message = PushService(slow=ChannelDown("away")), outgoing(recipient=owner, channel=MOBILE)
    await send(stores, client, message)
    assert (await stored(stores, message))["state"] == "waiting"
    client.problems = {}
    with clock.later(minutes=5):
        await send(stores, client)
    assert [token for token, _ in client.taken] == ["quick", "slow"]
    document = await stored(stores, message)
    assert (document["state"], document["units"]) == ("sent", 2)


async def test_the_settings_say_which_channels_of_push_there_are(stores: Stores, settings: Settings) -> None:
    assert push_senders_of(settings, stores) == {}
    complete = settings.model_copy(update=push_settings("http://127.0.0.1:1"))
    senders = push_senders_of(complete, stores)
    assert set(senders) == {MessageChannel.WEB_PUSH, MOBILE}
    for sender in senders.values():
        await sender.close()
