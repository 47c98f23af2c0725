"""Messages are queued once, encrypted, and due when they should be."""

from __future__ import annotations

from datetime import timedelta

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.devices.models import DevicePlatform
from gencharge.messages.models import MessageChannel
from tests.make.messages import enqueue, outgoing, stored
from tests.make.push import register


async def test_a_message_that_is_queued_again_stays_as_it_is(stores: Stores) -> None:
    message, other = outgoing(), outgoing()
    await enqueue(stores, message)
    await stores.documents["messages"].update_one({"_id": message.id}, {"$set": {"state": "sent"}})
    await enqueue(stores, message, other)
    assert (await stored(stores, message))["state"] == "sent"
    assert (await stored(stores, other))["state"] == "waiting"
    assert await stores.documents["messages"].count_documents({"_id": message.id}) == 1


async def test_what_a_message_says_is_encrypted_and_no_address_is_stored(stores: Stores) -> None:
    message = outgoing(text="Your balance is Rs 12.34", title="Low balance", html="<p>Rs 12.34</p>")
    await enqueue(stores, message)
    assert "12.34" not in str(await stored(stores, message))
    assert "Low balance" not in str(await stored(stores, message))


async def test_a_message_for_later_is_due_then(stores: Stores) -> None:
    now = clock.now().replace(microsecond=0)
    later = outgoing(not_before=now + timedelta(hours=8))
    with clock.at(now):
        soon = outgoing()
        await enqueue(stores, soon, later)
    assert (await stored(stores, later))["due_at"] == now + timedelta(hours=8)
    assert (await stored(stores, soon))["due_at"] == now


async def test_queueing_nothing_asks_no_store(stores: Stores) -> None:
    await enqueue(stores)


async def test_push_messages_are_queued_for_who_has_a_device_for_them(stores: Stores) -> None:
    owner, other = Recipient("user", new_id()), Recipient("admin", new_id())
    await register(stores, owner, DevicePlatform.IOS, "tablet")
    await register(stores, other, DevicePlatform.WEB, "https://push.example/x")
    later = clock.now() + timedelta(hours=8)
    queued = [
        outgoing(recipient=owner, channel=MessageChannel.MOBILE_PUSH),
        outgoing(recipient=other, channel=MessageChannel.WEB_PUSH),
        outgoing(recipient=owner, channel=MessageChannel.WEB_PUSH, not_before=later),
        outgoing(recipient=owner, channel=MessageChannel.SMS),
    ]
    left_out = [
        outgoing(recipient=owner, channel=MessageChannel.WEB_PUSH),
        outgoing(recipient=other, channel=MessageChannel.MOBILE_PUSH),
    ]
    await enqueue(stores, *queued, *left_out)
    ids = {"_id": {"$in": [message.id for message in [*queued, *left_out]]}}
    known = {document["_id"] async for document in stores.documents["messages"].find(ids)}
    assert known == {message.id for message in queued}
