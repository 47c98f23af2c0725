"""Plain functions that leave work for the staff."""

from __future__ import annotations

import uuid
from typing import Final

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.work.models import WorkKind
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


# What puts one thing of a kind into the table where it waits, two hours old; `:id` is its id and `:user` some customer.
_ROWS: Final = {
    WorkKind.STUCK_RECHARGE: (
        "INSERT INTO fulfilments (user_id, recharge_id, phone_number, operator, amount, state, next_attempt_at, alerted_at, created_at)"
        " VALUES (:user, :id, '+919876500002', 'JIO', 100, 'due', now() + interval '1 day', now(), now() - interval '2 hours')",
    ),
    WorkKind.ADJUSTMENT: (
        "INSERT INTO adjustments (user_id, adjustment_id, direction, amount, reason, note, requested_by, requested_at, expires_at)"
        " VALUES (:user, :id, 'credit', 100, 'goodwill', 'n', :user, now() - interval '2 hours', now() + interval '1 day')",
    ),
    WorkKind.KYC_REQUEST: (
        "INSERT INTO kyc_requests (user_id, kyc_request_id, tier, document, created_at)"
        " VALUES (:user, :id, 'full', 'passport', now() - interval '2 hours')",
    ),
    WorkKind.PAYOUT: (
        "INSERT INTO payouts (user_id, payout_id, amount, status, created_at)"
        " VALUES (:user, :id, 100, 'needs_payee', now() - interval '2 hours')",
    ),
}


async def add_one(stores: Stores, kind: WorkKind) -> str:
    """Something of the kind that waits: the id of its item."""
    item_id, user_id = new_id(), new_id()
    for statement in _ROWS[kind]:
        names = {"id": item_id, "user": user_id}
        await run_sql(
            stores, statement, **{name: value for name, value in names.items() if f":{name}" in statement}
        )
    return str(item_id)


KINDS_OF_TABLES: Final = tuple(_ROWS)
