"""Queues parked messages again when an admin has asked for it."""

from __future__ import annotations

from typing import Any, Final, cast
from uuid import UUID

from gencharge.core.events.events import Envelope, Outside
from gencharge.core.values import clock
from gencharge.messages import staff_crud
from gencharge.messages.events import MessagesResent
from gencharge.messages.models import MessageChannel, MessageState


async def queue_again(stores: Any, batch: list[Envelope]) -> None:
    """Make them due. One that was parked since stays parked, so a second delivery of the event sends nothing twice."""
    for envelope in batch:
        event = cast(MessagesResent, envelope.event)
        channel = None if event.channel is None else MessageChannel(event.channel)
        conditions = staff_crud.conditions_of(channel, event.kind, MessageState(event.state))
        if event.message_id is not None:
            conditions["_id"] = UUID(event.message_id)
        await staff_crud.requeue(
            stores.documents, conditions, parked_by=envelope.occurred_at, now=clock.now()
        )


RESEND: Final = Outside("messages.resend", (MessagesResent,), queue_again)
