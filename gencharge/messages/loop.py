"""Sends due messages as long as a worker runs.

A claim writes the attempt down and is a lease, so any number of workers is safe. If a worker dies between sending and recording, its
lease expires and the message is sent once more: at least once, and an e-mail's second copy has the same Message-ID. Each channel has
its own places, rate and circuit, so one that is slow or away delays only itself.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import orjson
from prometheus_client import Counter as Metric

from gencharge.core import faultpoints, telemetry
from gencharge.core.background.batches import Batches
from gencharge.core.background.loop import Loop
from gencharge.core.message import ChannelDown, MessageRefused, NotSent, RecipientRefused
from gencharge.core.rooms.resealing import UNREADABLE, while_away
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.quiet_hours import earliest
from gencharge.core.values.recipient import Contact, NotificationType, Recipient
from gencharge.core.vault.columns import place
from gencharge.core.vault.vault import Vault
from gencharge.messages import contact_service, mail_service, queue_crud, sent_service, sms_service
from gencharge.messages.circuit import Circuit
from gencharge.messages.models import PRIORITIES, SEALED, DropReason, MessageChannel, MessageState, Receipt
from gencharge.messages.push_clients import PUSHES_AT_ONCE
from gencharge.messages.push_service import push_senders_of
from gencharge.messages.senders import Content, Sender, Task, prices_of, rates_of, senders_of
from gencharge.messages.sent_service import Sent

PER_CHANNEL: Final = 32
# A push service answers in a tenth of a second and takes thousands a second.
PLACES: Final = {channel: PER_CHANNEL for channel in MessageChannel} | {
    MessageChannel.WEB_PUSH: PUSHES_AT_ONCE,
    MessageChannel.MOBILE_PUSH: PUSHES_AT_ONCE,
}
# A claim costs five round trips. While messages are under way, those of a push channel are claimed so often at most, with what became due and free.
_CLAIM_SECONDS: Final = dict.fromkeys((MessageChannel.WEB_PUSH, MessageChannel.MOBILE_PUSH), 0.05)
# Messages of a channel without a provider that are ended with one claim.
_WITHOUT_PROVIDER: Final = 2_000
# Longer than an attempt and the recording of it together, so that no second worker sends what a first one is sending.
SEND_SECONDS: Final = 20.0
LEASE: Final = timedelta(seconds=90)
PAUSES_SECONDS: Final = (30, 120, 600, 1800, 2 * 3600, 6 * 3600, 12 * 3600)
# Messages that failed together don't come back together.
_JITTER: Final = 0.25
_STOP_SECONDS: Final = 5.0
_ERROR_CHARACTERS: Final = 200
OUTCOMES: Final = Metric(
    "gencharge_outgoing_messages_total",
    "Messages of the queue by what became of an attempt",
    ["channel", "outcome"],
)
# What later says what it said now: a reminder, an offer or news does not.
_LASTING: Final = frozenset({NotificationType.TRANSACTIONAL.value})
_TO_ADDRESSES: Final = frozenset({MessageChannel.SMS, MessageChannel.EMAIL})
_NOBODY: Final = Contact("", "", is_active=False)
log = telemetry.get_logger(__name__)


class MessageLoop(Loop[Task, MessageChannel]):
    """One per worker process. `run` until cancelled, or `drain` in a test."""

    at_a_time = sum(PLACES.values())
    poll_seconds = 0.5

    def __init__(self, stores: Stores, senders: Mapping[MessageChannel, Sender] | None = None) -> None:
        super().__init__()
        self._stores = stores
        self._documents = stores.documents
        self._vault = Vault.of_database(stores.database)
        self._senders = (
            senders_of(stores.settings) | push_senders_of(stores.settings, stores)
            if senders is None
            else senders
        )
        self._rates = rates_of(stores.settings)
        self._prices = prices_of(stores.settings)
        self._circuits = {channel: Circuit() for channel in MessageChannel}
        self._retention = timedelta(days=stores.settings.message_retention_days)
        self._sent = Batches(self._record_sent, limit=self.at_a_time)
        # Until when, by the event loop's clock, a channel is not looked at while messages are under way.
        self._rests_until = dict.fromkeys(MessageChannel, 0.0)
        self._under_way = set[asyncio.Task[None]]()

    async def claim(self, free: int, running: Counter[MessageChannel]) -> list[Task]:
        """Begin an attempt of due messages, as many as each channel has places for and its rate allows."""
        tasks, now = list[Task](), asyncio.get_running_loop().time()
        for channel in MessageChannel:
            if running and now < self._rests_until[channel]:
                continue
            self._rests_until[channel] = now + _CLAIM_SECONDS.get(channel, 0.0)
            if channel not in self._senders:
                await self._end_without_provider(channel)
                continue
            places = min(PLACES[channel] - running[channel], free - len(tasks))
            places = self._circuits[channel].places(places, running[channel])
            if places > 0:
                tasks += await self._claim_of(channel, places)
        if tasks:
            await faultpoints.point("messages.claimed")
        return tasks

    async def _end_without_provider(self, channel: MessageChannel) -> None:
        """End what is due of a channel without a provider, many at once and at no rate, so that it holds nothing else up.

        What lasts is set aside with its text: the staff see it, and can send it once there is a provider. The rest is dropped.
        """
        now = clock.now()
        with answering(self._documents):
            due = await queue_crud.list_due(self._documents, channel, now, _WITHOUT_PROVIDER)
        if not due:
            self._rest_from(channel)
            return
        stored = _LASTING if channel in _TO_ADDRESSES else frozenset[str]()
        lasting = [each["_id"] for each in due if each["type"] in stored]
        passing = [each["_id"] for each in due if each["type"] not in stored]
        ended: Document = {"ended_at": now, "purge_at": now + self._retention}
        aside = {**ended, "state": MessageState.NO_PROVIDER.value, "last_error": "No provider is set up."}
        off = DropReason.CHANNEL_OFF.value
        dropped = {**ended, "state": MessageState.DROPPED.value, "drop_reason": off, "content": ""}
        for outcome, ids, recorded in (("no_provider", lasting, aside), (off, passing, dropped)):
            if ids:
                with answering(self._documents):
                    count = await queue_crud.end_due(self._documents, ids, now, recorded)
                OUTCOMES.labels(channel.value, outcome).inc(count)

    async def _claim_of(self, channel: MessageChannel, places: int) -> list[Task]:
        now = clock.now()
        with answering(self._documents):
            due = await queue_crud.list_due(self._documents, channel, now, places)
            if not due:
                self._rest_from(channel)
                return []
            due = await self._without_those_of_the_night(channel, due, now)
        if not due:
            return []
        # Before the attempts begin: while PostgreSQL is away none is counted.
        contacts = await self._stores.database.run(lambda db: contact_service.contacts_of(db, due))
        with answering(self._documents):
            obstacles = await self._obstacles(channel, due, contacts)
            allowed = await queue_crud.take_places(self._documents, channel, self._rates[channel], len(due))
            if not allowed:
                return []
            leased = await queue_crud.lease(
                self._documents,
                [document["_id"] for document in due[:allowed]],
                lease_id=new_id(),
                now=now,
                until=now + LEASE,
            )
        return [self._task(document, contacts, obstacles.get(document["_id"])) for document in leased]

    async def _obstacles(
        self, channel: MessageChannel, due: list[Document], contacts: Mapping[Recipient, Contact]
    ) -> dict[object, DropReason]:
        """Which of these must not be sent, by id, whatever their contacts are."""
        if channel is MessageChannel.EMAIL:
            return await mail_service.obstacles(self._documents, self._stores.settings, due, contacts)
        if channel is MessageChannel.SMS:
            return await sms_service.obstacles(self._documents, self._stores.settings, due)
        return {}

    def _rest_from(self, channel: MessageChannel) -> None:
        """Nothing is due of it: while messages of others are under way, it is looked at as seldom as without them."""
        self._rests_until[channel] = asyncio.get_running_loop().time() + self.poll_seconds

    async def _without_those_of_the_night(
        self, channel: MessageChannel, due: list[Document], now: datetime
    ) -> list[Document]:
        """What was held up until the quiet hours, by a failure or by the rate, waits until they are over. No attempt is counted."""
        offers = NotificationType.PROMOTIONAL
        morning = earliest(offers, now, self._stores.settings.quiet_times)
        if morning == now or not any(each["type"] == offers.value for each in due):
            return due
        await queue_crud.postpone_due(self._documents, channel, PRIORITIES[offers], now, morning)
        return [each for each in due if each["type"] != offers.value]

    def _task(
        self, document: Document, contacts: Mapping[Recipient, Contact], obstacle: DropReason | None
    ) -> Task:
        recipient = Recipient(document["recipient_kind"], document["recipient_id"])
        channel = MessageChannel(document["channel"])
        contact = contacts.get(recipient, _NOBODY)
        return Task(
            id=document["_id"],
            recipient=recipient,
            channel=channel,
            kind=document["kind"],
            type=NotificationType(document["type"]),
            content=document["content"],
            attempts=document["attempts"],
            lease_id=document["lease"],
            created_at=document["created_at"],
            contact=contact,
            obstacle=self._obstacle(document, channel, contact) or obstacle,
            reached=tuple(document.get("reached", ())),
            has_arrived=document.get("receipt") == Receipt.DELIVERED,
        )

    def _obstacle(self, document: Document, channel: MessageChannel, contact: Contact) -> DropReason | None:
        if document["recipient_kind"] == "visitor":
            return None
        if not contact.is_active and not (contact.is_closed and document.get("to_closed")):
            return DropReason.NO_RECIPIENT
        address = {MessageChannel.SMS: contact.phone_number, MessageChannel.EMAIL: contact.email}
        return None if address.get(channel, "-") else DropReason.NO_ADDRESS

    def party_of(self, task: Task) -> MessageChannel:
        """The channel."""
        return task.channel

    def id_of(self, task: Task) -> str:
        """The message's id."""
        return str(task.id)

    async def work(self, task: Task) -> None:
        """Make one attempt. One that is under way when the worker is stopped is finished."""
        attempt = asyncio.create_task(self._attempt(task))
        self._under_way.add(attempt)
        attempt.add_done_callback(self._under_way.discard)
        await asyncio.shield(attempt)

    async def close(self) -> None:
        """Wait a little for what is under way, then close the connections."""
        if self._under_way:
            ended, unfinished = await asyncio.wait(self._under_way, timeout=_STOP_SECONDS)
            for attempt in unfinished:
                attempt.cancel()
            await asyncio.gather(*ended, *unfinished, return_exceptions=True)
        await self._sent.close()
        for sender in self._senders.values():
            await sender.close()

    async def _attempt(self, task: Task) -> None:
        if task.has_arrived:
            # A former attempt had no answer, or its worker died: the provider's receipt says that it was sent.
            OUTCOMES.labels(task.channel.value, "arrived").inc()
            recorded = {"sent_at": clock.now(), "last_error": ""}
            await self._end(task, MessageState.SENT, recorded, keeps_text=False)
            return
        if task.obstacle is not None:
            await self._drop(task, task.obstacle)
            return
        try:
            raw = await self._vault.open_at(place(SEALED.name, (task.id,)), task.content)
        except UNREADABLE:
            await self._drop(task, DropReason.UNREADABLE)
            return
        content = Content(**orjson.loads(raw))
        if task.recipient.kind == "visitor":
            task = replace(task, contact=Contact("", content.email, is_active=True))
            if await self._is_undeliverable(content.email):
                await self._drop(task, DropReason.UNDELIVERABLE)
                return
        circuit = self._circuits[task.channel]
        try:
            units = await self._send(task, content)
        except NotSent as problem:
            circuit.record(is_up=not isinstance(problem, ChannelDown))
            await self._failed(task, problem)
        else:
            circuit.record(is_up=True)
            await faultpoints.point("message.sent", task.channel.value)
            OUTCOMES.labels(task.channel.value, "sent").inc()
            await self._sent.add(Sent(task, units, clock.now()))

    async def _send(self, task: Task, content: Content) -> int:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                return await self._senders[task.channel].send(task, content)
        except TimeoutError:
            raise ChannelDown(f"no answer in {SEND_SECONDS:.0f} s") from None

    async def _record_sent(self, sent: list[Sent]) -> None:
        await sent_service.record(self._documents, self._prices, self._retention, sent)

    async def _failed(self, task: Task, problem: NotSent) -> None:
        error = str(problem)[:_ERROR_CHARACTERS]
        log.warning(
            "message_failed", channel=task.channel, id=str(task.id), attempt=task.attempts, error=error
        )
        if isinstance(problem, RecipientRefused) and task.channel not in _TO_ADDRESSES:
            await self._drop(task, DropReason.NO_DEVICE, error)
        elif isinstance(problem, RecipientRefused):
            await while_away(
                lambda: mail_service.mark_undeliverable(
                    self._documents, self._stores.settings, task.contact.email
                )
            )
            await self._drop(task, DropReason.UNDELIVERABLE, error)
        elif isinstance(problem, MessageRefused) or task.attempts >= self._stores.settings.message_attempts:
            await self._park(task, error)
        else:
            OUTCOMES.labels(task.channel.value, "failed").inc()
            pause = timedelta(seconds=PAUSES_SECONDS[min(task.attempts, len(PAUSES_SECONDS)) - 1])
            due_at = clock.now() + pause * (1 + random.uniform(-_JITTER, _JITTER))  # noqa: S311 - no secret
            await while_away(
                lambda: queue_crud.set_postponed(self._documents, _held(task), due_at, {"last_error": error})
            )

    async def _park(self, task: Task, error: str) -> None:
        OUTCOMES.labels(task.channel.value, "parked").inc()
        await self._end(task, MessageState.PARKED, {"last_error": error}, keeps_text=True)

    async def _is_undeliverable(self, email: str) -> bool:
        return await while_away(
            lambda: mail_service.is_undeliverable(self._documents, self._stores.settings, email)
        )

    async def _drop(self, task: Task, reason: DropReason, error: str = "") -> None:
        OUTCOMES.labels(task.channel.value, reason.value).inc()
        recorded = {"drop_reason": reason.value, "last_error": error}
        await self._end(task, MessageState.DROPPED, recorded, keeps_text=False)

    async def _end(
        self, task: Task, state: MessageState, recorded: Mapping[str, object], *, keeps_text: bool
    ) -> None:
        now = clock.now()
        recorded = {**recorded, "ended_at": now, "purge_at": now + self._retention}
        await while_away(
            lambda: queue_crud.set_ended(self._documents, _held(task), state, recorded, keeps_text=keeps_text)
        )


def _held(task: Task) -> Document:
    """The message, as long as this worker holds it."""
    return {"_id": task.id, "lease": task.lease_id}


async def send_messages(stores: Stores) -> None:
    """The loop of a worker."""
    await MessageLoop(stores).run()
