"""What only the staff do with messages: look at parked ones, have them sent again, see what messages cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import emit
from gencharge.core.http.paging import decode_cursor, encode_cursor
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.values import clock
from gencharge.core.values.email import masked_email
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.values.money import Money
from gencharge.core.values.phone import masked
from gencharge.core.values.recipient import Contact, Recipient
from gencharge.messages import contact_service, queue_crud, staff_crud
from gencharge.messages.crud import Db
from gencharge.messages.errors import MessageNotFound
from gencharge.messages.events import MessagesResent
from gencharge.messages.models import MessageChannel, MessageState
from gencharge.messages.staff_schemas import (
    STATES,
    MessageCostOut,
    MessageCostQuery,
    MessageCosts,
    ParkedMessageOut,
    ParkedMessageQuery,
    ResendMessages,
)

_DAYS: Final = 30
_MILLIPAISE: Final = 1_000


async def list_parked(
    db: AsyncSession, documents: Db, query: ParkedMessageQuery
) -> tuple[list[ParkedMessageOut], str | None, int | None]:
    """A page of parked messages, the next page's cursor, and the total if it was asked for.

    Raises CursorInvalid, DocumentsUnavailable.
    """
    conditions = staff_crud.conditions_of(query.channel, query.kind, STATES[query.reason])
    after = decode_cursor(query.cursor, kinds=(UUID,))[0] if query.cursor is not None else None
    with answering(documents):
        parked = await staff_crud.list_parked(documents, conditions, after, query.limit + 1)
        total = await staff_crud.count_parked(documents, conditions) if query.include_total else None
    page = parked[: query.limit]
    contacts = await contact_service.contacts_of(db, page)
    cursor = encode_cursor(page[-1]["_id"]) if len(parked) > query.limit else None
    return [_parked_out(document, contacts) for document in page], cursor, total


def _parked_out(document: Document, contacts: dict[Recipient, Contact]) -> ParkedMessageOut:
    contact = contacts.get(Recipient(document["recipient_kind"], document["recipient_id"]))
    channel = MessageChannel(document["channel"])
    address = None
    if contact is not None and channel is MessageChannel.SMS and contact.phone_number:
        address = masked(contact.phone_number)
    elif contact is not None and channel is MessageChannel.EMAIL:
        address = masked_email(contact.email)
    return ParkedMessageOut(
        message_id=document["_id"],
        recipient_kind=document["recipient_kind"],
        recipient_id=document["recipient_id"],
        address=address,
        reason="failed" if document["state"] == MessageState.PARKED else "no_provider",
        channel=channel,
        kind=document["kind"],
        type=document["type"],
        attempts=document["attempts"],
        last_error=document["last_error"],
        created_at=document["created_at"],
        parked_at=document["ended_at"],
    )


async def resend(db: AsyncSession, documents: Db, message_id: UUID) -> None:
    """Have a parked message sent again. The event does it, so it is in the audit trail. Raises MessageNotFound."""
    with answering(documents):
        state = await staff_crud.state_of(documents, message_id)
    if state is None:
        raise MessageNotFound
    await emit(db, _resent(state, message_id=str(message_id), count=1))


async def resend_all(db: AsyncSession, documents: Db, command: ResendMessages) -> int:
    """Have all parked messages of a channel and a kind sent again; how many they are. Raises DocumentsUnavailable."""
    with answering(documents):
        state = STATES[command.reason]
        count = await staff_crud.count_parked(
            documents, staff_crud.conditions_of(command.channel, command.kind, state)
        )
    if count:
        channel = None if command.channel is None else command.channel.value
        await emit(db, _resent(state, channel=channel, kind=command.kind, count=count))
    return count


def _resent(
    state: MessageState,
    *,
    count: int,
    message_id: str | None = None,
    channel: str | None = None,
    kind: str | None = None,
) -> MessagesResent:
    return MessagesResent(
        user_id=str(SYSTEM_USER_ID),
        message_id=message_id,
        channel=channel,
        kind=kind,
        count=count,
        state=state.value,
    )


async def costs(documents: Db, query: MessageCostQuery) -> MessageCosts:
    """What messages cost, by day and channel. Raises DocumentsUnavailable."""
    last = query.until or clock.now().astimezone(clock.IST).date()
    first = query.since or last - timedelta(days=_DAYS - 1)
    with answering(documents):
        sums = await queue_crud.list_costs(documents, first.isoformat(), last.isoformat())
    return MessageCosts(by_day=[_cost_out(each) for each in sums], total=_rupees(sums))


def _cost_out(document: Document) -> MessageCostOut:
    return MessageCostOut(
        day=document["day"],
        channel=document["channel"],
        messages=document["messages"],
        units=document["units"],
        cost=_rupees([document]),
    )


def _rupees(sums: Sequence[Document]) -> Money:
    """Rounded to the paisa at the end, not message by message."""
    return Money(round(sum(each["millipaise"] for each in sums) / _MILLIPAISE))
