"""Integrators that listen, and endpoints for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import Envelope, Event
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.recharge.events import (
    RechargeFailed,
)
from gencharge.webhooks import staff_service
from gencharge.webhooks.listeners import QUEUE_MESSAGES
from gencharge.webhooks.loop import WebhookSender
from gencharge.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from gencharge.webhooks.staff_schemas import (
    WebhookEndpointCreate,
    WebhookEndpointOut,
    WebhookEndpointUpdate,
    WebhookEndpointWithSecret,
)
from tests.make.factories import headers_for, know_roles, make_admin, new_client
from tests.make.webhook_receiver import Receiver, receiver


class Partners:
    """Endpoints at one receiver, and what becomes of their messages."""

    def __init__(self, stores: Stores, receiver: Receiver) -> None:
        self.stores, self.receiver = stores, receiver

    async def join(self, path: str = "/hooks", **fields: Any) -> WebhookEndpointWithSecret:
        """A new endpoint at this path of the receiver; `fields`: those of WebhookEndpointCreate."""
        values = {"url": self.receiver.base + path, "events": ["*"], **fields}
        command = WebhookEndpointCreate(**values)
        return await self.stores.database.run(
            lambda db: staff_service.create_endpoint(db, self.stores.settings, command)
        )

    async def change(self, endpoint_id: UUID, **fields: Any) -> WebhookEndpointOut:
        command = WebhookEndpointUpdate(**fields)
        return await self.stores.database.run(
            lambda db: staff_service.update_endpoint(db, self.stores.settings, endpoint_id, command)
        )

    async def look(self, endpoint_id: UUID) -> WebhookEndpointOut:
        return await self.stores.database.run(lambda db: staff_service.show_endpoint(db, endpoint_id))

    async def happen(self, *events: Event) -> list[Envelope]:
        """Events are handed to the listener as the relay does it; by default a failed recharge."""
        batch = [
            Envelope(new_id(), clock.now(), event, "request", "", "system", "")
            for event in events or (failed_recharge(),)
        ]
        await QUEUE_MESSAGES.deliver(self.stores, batch)
        return batch

    async def deliveries(self, endpoint_id: UUID) -> list[WebhookDelivery]:
        async with self.stores.database.transaction() as db:
            query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
            return list(await db.scalars(query.order_by(WebhookDelivery.delivery_id)))

    async def delivery(self, endpoint_id: UUID) -> WebhookDelivery:
        [delivery] = await self.deliveries(endpoint_id)
        return delivery

    async def log(self, delivery: WebhookDelivery) -> list[tuple[int, int | None, str]]:
        """The attempts: number, status, error."""
        shown = await self.stores.database.run(
            lambda db: staff_service.show_delivery(db, delivery.delivery_id)
        )
        return [(one.attempt, one.response_status, one.error) for one in shown.log]


def failed_recharge(**overrides: Any) -> RechargeFailed:
    values: dict[str, Any] = {
        "user_id": str(new_id()),
        "recharge_id": str(new_id()),
        "phone_number": "+919876543210",
        "plan_name": "Rs 299",
        "operator": "JIO",
        "reason": "operator_unreachable",
        "refunded_paise": 29_950,
    }
    return RechargeFailed(**(values | overrides))


@pytest.fixture
def receiving() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
async def partners(shop: Stores, receiving: Receiver) -> AsyncIterator[Partners]:
    async def unit(db: AsyncSession) -> None:
        for table in (WebhookAttempt, WebhookDelivery, WebhookEndpoint):
            await db.execute(delete(table))

    await shop.database.run(unit)
    yield Partners(shop, receiving)
    await shop.database.run(
        lambda db: db.execute(update(WebhookEndpoint).values(is_active=False, disabled_at=clock.now()))
    )


@pytest.fixture
async def sender(shop: Stores) -> AsyncIterator[WebhookSender]:
    sender = WebhookSender(shop)
    yield sender
    await sender.close()


@pytest.fixture
async def staff(app: FastAPI, partners: Partners) -> AsyncIterator[httpx.AsyncClient]:
    """An admin who may do everything, and gave the second factor just now."""
    stores: Stores = app.state.stores
    await know_roles(app)
    admin = await stores.database.run(make_admin)
    async with new_client(app, headers=headers_for(stores.settings, admin)) as client:
        yield client
