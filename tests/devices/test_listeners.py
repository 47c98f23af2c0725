"""Signing out ends the messages to the device."""

from __future__ import annotations

from gencharge.core.events.events import emit
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.devices import service
from gencharge.devices.listeners import SESSIONS_ENDED
from gencharge.devices.models import DevicePlatform
from gencharge.sessions.events import SessionRevoked
from tests.make.push import register


async def test_the_devices_of_a_session_that_ended_are_dropped_and_no_others(stores: Stores) -> None:
    owner, ended = Recipient("user", new_id()), new_id()
    await register(stores, owner, DevicePlatform.ANDROID, "phone", session_id=ended)
    present = await register(stores, owner, DevicePlatform.IOS, "tablet")
    event = SessionRevoked(user_id=str(owner.id), session_id=str(ended), kind="user", reason="signed out")
    await stores.database.run(lambda db: emit(db, event))
    await Relay(stores, [SESSIONS_ENDED]).drain()
    assert [each["_id"] for each in await service.list_devices(stores.documents, owner)] == [present["_id"]]
