"""What an admin had sent again is queued once."""

from __future__ import annotations

from datetime import timedelta

from gencharge.core.events.events import Envelope
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.messages.events import MessagesResent
from gencharge.messages.listeners import queue_again
from tests.make.messages import park, stored


def asked(**overrides: str) -> Envelope:
    values: dict[str, str | None] = {"message_id": None, "channel": None, "kind": None, **overrides}
    event = MessagesResent(user_id=str(SYSTEM_USER_ID), count=1, **values)  # type: ignore[arg-type]
    return Envelope(new_id(), clock.now(), event, "r-1", "", "admin", str(new_id()))


async def test_what_was_parked_since_stays_parked(stores: Stores) -> None:
    message = await park(stores)
    event = asked()
    await queue_again(stores, [event])
    assert (await stored(stores, message))["state"] == "waiting"
    again = {"state": "parked", "ended_at": clock.now() + timedelta(seconds=1)}
    await stores.documents["messages"].update_one(
        {"_id": message.id}, {"$set": again, "$unset": {"due_at": ""}}
    )
    await queue_again(stores, [event])
    assert (await stored(stores, message))["state"] == "parked"


async def test_a_kind_and_one_message_concern_no_others(stores: Stores) -> None:
    expiring, other = await park(stores, kind="expiring"), await park(stores)
    await queue_again(stores, [asked(kind="expiring")])
    assert (await stored(stores, expiring))["state"] == "waiting"
    assert (await stored(stores, other))["state"] == "parked"
    await queue_again(stores, [asked(message_id=str(other.id))])
    assert (await stored(stores, other))["state"] == "waiting"
