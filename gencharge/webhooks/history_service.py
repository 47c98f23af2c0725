"""The log of what was sent, and sending it again."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import changes, emit
from gencharge.core.http.paging import Order, Page, column_of, fetch_bounded_page
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM
from gencharge.webhooks import crud
from gencharge.webhooks.errors import DeliveryNotFound, EndpointDisabled
from gencharge.webhooks.events import WebhookRedelivered
from gencharge.webhooks.models import DeliveryStatus, WebhookDelivery
from gencharge.webhooks.outgoing_service import PATIENCE
from gencharge.webhooks.schemas import AttemptOut, DeliveryDetail, DeliveryOut, DeliveryQuery

# Rows of an index's order lie side by side in the table: they are written in that order.
_LOOK_THROUGH: Final = 10_000


async def list_all(db: AsyncSession, wanted: DeliveryQuery) -> Page[DeliveryOut]:
    """A page of the messages that match. Raises CursorInvalid."""
    order = Order(
        column_of(WebhookDelivery.created_at),
        column_of(WebhookDelivery.delivery_id),
        descending=wanted.sort.startswith("-"),
    )
    rows, cursor = await fetch_bounded_page(
        db,
        crud.select_deliveries(wanted),
        lambda delivery: crud.match_deliveries(delivery, wanted),
        order,
        wanted,
        look_through=_LOOK_THROUGH,
    )
    return Page(items=[DeliveryOut.model_validate(row) for row in rows], next_cursor=cursor)


async def show(db: AsyncSession, delivery_id: UUID) -> DeliveryDetail:
    """One message with its attempts. Raises DeliveryNotFound."""
    delivery = await crud.find_delivery(db, delivery_id)
    if delivery is None:
        raise DeliveryNotFound
    log = [AttemptOut.model_validate(row) for row in await crud.list_attempts(db, delivery)]
    head = DeliveryOut.model_validate(delivery)
    return DeliveryDetail(**head.model_dump(), body=delivery.body, log=log)


async def redeliver(db: AsyncSession, delivery_id: UUID) -> DeliveryOut:
    """Have a message sent again, under the same id, for another 24 hours. Raises DeliveryNotFound, EndpointDisabled."""
    known = await crud.find_delivery(db, delivery_id)
    if known is None:
        raise DeliveryNotFound
    # The endpoint first, as everybody who holds both.
    endpoint = await crud.lock_endpoint(db, known.endpoint_id)
    if endpoint is None or not endpoint.is_active:
        raise EndpointDisabled
    delivery = await crud.find_delivery(db, delivery_id, lock=True)
    if delivery is None:
        raise DeliveryNotFound
    now, before = clock.now(), delivery.status
    if delivery.status != DeliveryStatus.PENDING:
        delivery.leased_until = None
    delivery.status, delivery.tries, delivery.completed_at = DeliveryStatus.PENDING.value, 0, None
    delivery.next_attempt_at, delivery.expires_at = now, now + PATIENCE
    await db.flush()
    again = WebhookRedelivered(
        user_id=str(SYSTEM),
        delivery_id=str(delivery_id),
        endpoint_id=str(delivery.endpoint_id),
        type=delivery.type,
        changes=changes({"status": before}, {"status": delivery.status}),
    )
    await emit(db, again)
    return DeliveryOut.model_validate(delivery)
