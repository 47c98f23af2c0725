"""Plain functions that leave work for the staff."""

from __future__ import annotations

import uuid

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from tests.make.recharge import run_sql


async def add_parked_delivery(stores: Stores, listener: str = "webhooks") -> str:
    """An event that a listener refused too often: the id of its item."""
    event_id = new_id()
    await run_sql(
        stores,
        """
        INSERT INTO deliveries (user_id, event_id, listener, topic, payload, context, occurred_at, attempts, last_error, parked_at)
        VALUES (:user, :event, :listener, 'UserSignedUp', CAST('{}' AS jsonb), CAST('{}' AS jsonb), now(), 12, 'poison', now())
        """,
        user=SYSTEM_USER_ID,
        event=event_id,
        listener=listener,
    )
    return f"{SYSTEM_USER_ID}/{event_id}/{listener}"


async def add_parked_gateway_event(stores: Stores) -> str:
    """A webhook about an unknown order that was parked, and reported."""
    event_id = f"evt_{uuid.uuid4().hex}"
    await run_sql(
        stores,
        """
        INSERT INTO gateway_events (event_id, gateway, kind, order_id, body, outcome)
        VALUES (:event, 'razorpay', 'payment.captured', 'order_none', CAST('{}' AS jsonb), 'parked')
        """,
        event=event_id,
    )
    await run_sql(
        stores,
        """
        INSERT INTO work_reports (kind, item_id, title, path, reported_at)
        VALUES ('parked_gateway_event', :event, 'payment.captured', '/v1/payments/admin', now())
        """,
        event=event_id,
    )
    return event_id
