"""Makes messages of changes: reads what they stand for, once for each batch, as the API would answer it now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.errors import NotFound, Unavailable
from gencharge.core.http.answering import Answering
from gencharge.core.http.web import Out
from gencharge.core.stores.stores import Stores
from gencharge.core.values.recipient import Recipient
from gencharge.live.changes import Kind, Placed, Position
from gencharge.live.clients import Message
from gencharge.live.schemas import BalanceMessage, NotificationMessage, RechargeMessage, Reset, message_of
from gencharge.notifications import service as notifications
from gencharge.recharge import service as recharges
from gencharge.wallet import service as wallet

Addressed = tuple[Recipient, Message]
# How long a step of what is for everybody waits at most until no request is being answered.
_GIVEN_SECONDS: Final = 0.01
log = telemetry.get_logger(__name__)


class Reading:
    """Reads what changes stand for that were passed on together. What is for everybody is read once, in however many batches it is handed out."""

    def __init__(self, stores: Stores, answering: Answering | None = None) -> None:
        """`answering`: what is for everybody gives way to these requests."""
        self._stores = stores
        self._answering = answering or Answering()
        self._announced: dict[UUID, notifications.Announced | None] = {}

    async def messages_of(self, changes: Sequence[Placed]) -> list[Addressed]:
        """The messages of these changes, in their order. Of several changes of one balance or recharge, the last.

        Where a store is away, a `reset` tells the client to read for itself later.
        """
        messages: list[Addressed] = []
        readers = _READERS | {Kind.ANNOUNCEMENT: self._announcements}
        for kind, read in readers.items():
            rows = [change for change in changes if change.kind is kind]
            if not rows:
                continue
            try:
                messages += await read(self._stores, rows)
            except Unavailable as error:
                log.warning("live_not_read", kind=kind.value, problem=error.code())
                messages += [_addressed(change, Reset(id=str(change.position))) for change in _latest(rows)]
        return sorted(messages, key=lambda entry: entry[1].position or (0, 0))

    async def _announcements(self, stores: Stores, changes: Sequence[Placed]) -> list[Addressed]:
        """Written once for all who read the same language and have as many unread ones."""
        messages = list[Addressed]()
        await self._answering.give_way(_GIVEN_SECONDS)
        inboxes = await notifications.open_inboxes(stores, {_owner(change) for change in changes})
        for object_id in {change.object_id: None for change in changes}:
            announced = await self._read_announced(UUID(object_id))
            notices = announced.shown_to(inboxes.values()) if announced is not None else {}
            await self._answering.give_way(_GIVEN_SECONDS)
            unread = await notifications.count_unread_of(stores, {owner: inboxes[owner] for owner in notices})
            same = dict[tuple[int, Position, int], Message]()
            for change in changes:
                owner = _owner(change)
                if change.object_id != object_id or owner not in notices:
                    continue
                key = (id(notices[owner]), change.position, unread[owner])
                if key not in same:
                    out = NotificationMessage(
                        id=str(change.position), notification=notices[owner], unread_count=unread[owner]
                    )
                    same[key] = message_of(out, change.position)
                messages.append((owner, same[key]))
        return messages

    async def _read_announced(self, announcement_id: UUID) -> notifications.Announced | None:
        if announcement_id not in self._announced:
            self._announced[announcement_id] = await notifications.read_announced(
                self._stores, announcement_id
            )
        return self._announced[announcement_id]


async def prepared(
    reading: Reading, batches: Iterable[Sequence[Placed]]
) -> AsyncGenerator[list[Addressed], None]:
    """The messages of each batch, in order. While one's are sent, with pauses, those of the next are made. Close it in any case (`aclosing`)."""
    ahead: asyncio.Task[list[Addressed]] | None = None
    try:
        for batch in batches:
            ready = None if ahead is None else await ahead
            ahead = asyncio.create_task(reading.messages_of(batch))
            if ready is not None:
                yield ready
        if ahead is not None:
            yield await ahead
    finally:
        if ahead is not None:
            ahead.cancel()


async def _notifications(stores: Stores, changes: Sequence[Placed]) -> list[Addressed]:
    notices = await notifications.show_many(stores, [UUID(change.object_id) for change in changes])
    changes = [change for change in changes if UUID(change.object_id) in notices]
    inboxes = await notifications.open_inboxes(stores, {_owner(change) for change in changes})
    unread = await notifications.count_unread_of(stores, inboxes)
    return [
        _addressed(
            change,
            NotificationMessage(
                id=str(change.position),
                notification=notices[UUID(change.object_id)],
                unread_count=unread[_owner(change)],
            ),
        )
        for change in changes
    ]


async def _balances(stores: Stores, changes: Sequence[Placed]) -> list[Addressed]:
    messages = []
    for change in _latest(changes):
        try:
            state = await wallet.show(stores.database, _owner(change).id, stores.settings)
        except NotFound:
            continue
        messages.append(_addressed(change, BalanceMessage(id=str(change.position), wallet=state)))
    return messages


async def _recharges(stores: Stores, changes: Sequence[Placed]) -> list[Addressed]:
    messages = []
    for change in _latest(changes):
        owner_id, recharge_id = _owner(change).id, UUID(change.object_id)

        async def show(db: AsyncSession, owner: UUID = owner_id, recharge_id: UUID = recharge_id) -> Out:
            return await recharges.show(db, owner, recharge_id)

        try:
            state = await stores.database.run(show)
        except NotFound:
            continue
        message = RechargeMessage(id=str(change.position), recharge_id=recharge_id, recharge=state)
        messages.append(_addressed(change, message))
    return messages


_READERS: Final[dict[Kind, Callable[[Stores, Sequence[Placed]], Awaitable[list[Addressed]]]]] = {
    Kind.NOTIFICATION: _notifications,
    Kind.BALANCE: _balances,
    Kind.RECHARGE: _recharges,
}


def _addressed(change: Placed, out: Out) -> Addressed:
    return _owner(change), message_of(out, change.position)


def _owner(change: Placed) -> Recipient:
    """Whom a change concerns: what is for everybody was spread to each before."""
    assert change.recipient is not None, "a change of a person"
    return change.recipient


def _latest(changes: Iterable[Placed]) -> list[Placed]:
    """The last change of each person's object."""
    return list({(change.recipient, change.kind, change.object_id): change for change in changes}.values())
