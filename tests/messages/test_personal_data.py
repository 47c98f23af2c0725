"""A customer's export lists the messages to them; erasing takes them away."""

from __future__ import annotations

from typing import Any

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.messages.personal_data import PART
from tests.make.messages import enqueue, outgoing


async def exported(stores: Stores, owner: Recipient) -> list[Any]:
    assert PART.export is not None
    return [message async for message in await PART.export(stores, owner.id)]


async def test_an_export_has_every_message_once_and_nobody_elses(stores: Stores) -> None:
    owner, admin = Recipient("user", new_id()), Recipient("admin", new_id())
    sent = [outgoing(recipient=owner) for _ in range(230)]
    await enqueue(stores, *sent, outgoing(), outgoing(recipient=admin))
    ids = [message.message_id for message in await exported(stores, owner)]
    assert ids == sorted((message.id for message in sent), reverse=True)


async def test_erasing_leaves_no_message_to_this_customer(stores: Stores) -> None:
    owner, other = Recipient("user", new_id()), outgoing()
    await enqueue(stores, *(outgoing(recipient=owner) for _ in range(3)), other)
    assert PART.erase is not None
    await PART.erase(stores, owner.id)
    assert await exported(stores, owner) == []
    assert len(await exported(stores, other.recipient)) == 1
