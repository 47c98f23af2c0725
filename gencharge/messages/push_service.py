"""A push message goes to every device of its recipient; those that are gone are dropped, those that failed are tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID

from gencharge.core.background.batches import Batches
from gencharge.core.message import ChannelDown, NotSent, RecipientRefused
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.recipient import Recipient
from gencharge.core.vault.vault import Vault
from gencharge.devices import service as devices
from gencharge.devices.models import Device, DevicePlatform
from gencharge.messages import queue_crud
from gencharge.messages.models import MessageChannel
from gencharge.messages.push_clients import ApnsClient, FcmClient, Push, WebPushClient
from gencharge.messages.senders import Content, Sender, Task

_AT_ONCE: Final = 4
# Recipients whose devices are looked up together.
_LOOKED_UP_AT_ONCE: Final = 256


class PushClient(Protocol):
    """A push service."""

    async def send(self, device: Device, push: Push) -> None:
        """Hand a message over. Raises NotSent."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


@dataclass(slots=True)
class _LookUp:
    """Whose devices are looked for, and then these."""

    owner: Recipient
    devices: list[Device] = field(default_factory=list)


class PushSender:
    """Sends to all devices of the platforms that have a push service. The units are devices."""

    def __init__(self, stores: Stores, clients: Mapping[DevicePlatform, PushClient]) -> None:
        self._stores = stores
        self._clients = clients
        self._look_ups = Batches(self._look_up, limit=_LOOKED_UP_AT_ONCE)

    async def send(self, task: Task, content: Content) -> int:
        """Send it to those that a former attempt did not reach; how many took it.

        Raises RecipientRefused if no device is left, and the problem of one if some are to be tried again.
        """
        documents, look_up = self._stores.documents, _LookUp(task.recipient)
        await self._look_ups.add(look_up)
        pending = [device for device in look_up.devices if str(device.device_id) not in task.reached]
        outcomes = await self._send_to(pending, task, content)
        gone = [device_id for device_id, problem in outcomes if isinstance(problem, RecipientRefused)]
        reached = [device_id for device_id, problem in outcomes if problem is None]
        failed = [
            problem
            for _, problem in outcomes
            if problem is not None and not isinstance(problem, RecipientRefused)
        ]
        if gone:
            await devices.drop(documents, task.recipient, gone)
        if failed:
            await queue_crud.add_reached(documents, task.id, [str(each) for each in reached])
            # A service that is away is what the circuit has to know.
            raise next((each for each in failed if isinstance(each, ChannelDown)), failed[0])
        if not reached and not task.reached:
            raise RecipientRefused("no device")
        return len(reached) + len(task.reached)

    async def _look_up(self, look_ups: list[_LookUp]) -> None:
        reachable = await devices.reach_all(
            self._stores.documents,
            Vault.of_database(self._stores.database),
            {each.owner for each in look_ups},
            tuple(self._clients),
        )
        for each in look_ups:
            each.devices = reachable.get(each.owner, [])

    async def _send_to(
        self, pending: Sequence[Device], task: Task, content: Content
    ) -> list[tuple[UUID, NotSent | None]]:
        # Nearly everybody has one device.
        if len(pending) == 1:
            return [await self._send_one(pending[0], task, content)]
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(device: Device) -> tuple[UUID, NotSent | None]:
            async with places:
                return await self._send_one(device, task, content)

        return list(await asyncio.gather(*(one(device) for device in pending)))

    async def _send_one(self, device: Device, task: Task, content: Content) -> tuple[UUID, NotSent | None]:
        badge = None
        if device.platform is DevicePlatform.IOS:
            badge = await devices.next_badge(self._stores.documents, device.device_id)
        push = Push(str(task.id), content.title, content.text, content.data, badge)
        try:
            await self._clients[device.platform].send(device, push)
        except NotSent as problem:
            return device.device_id, problem
        return device.device_id, None

    async def close(self) -> None:
        """Close the connections."""
        await self._look_ups.close()
        for client in self._clients.values():
            await client.close()


def push_senders_of(settings: Settings, stores: Stores) -> dict[MessageChannel, Sender]:
    """The channels of push that the settings have keys for."""
    senders = dict[MessageChannel, Sender]()
    if settings.vapid_private_key.get_secret_value():
        senders[MessageChannel.WEB_PUSH] = PushSender(stores, {DevicePlatform.WEB: WebPushClient(settings)})
    mobile = dict[DevicePlatform, PushClient]()
    if settings.fcm_service_account.get_secret_value():
        mobile[DevicePlatform.ANDROID] = FcmClient(settings)
    if settings.apns_private_key.get_secret_value():
        mobile[DevicePlatform.IOS] = ApnsClient(settings)
    if mobile:
        senders[MessageChannel.MOBILE_PUSH] = PushSender(stores, mobile)
    return senders
