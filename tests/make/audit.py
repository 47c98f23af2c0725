"""Builders for the tests of audit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from gencharge.audit.listeners import ENTRIES
from gencharge.core.events.events import Envelope, Event, emit
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.notifications import listeners as notifications
from gencharge.recharge.events import PlanRecharged
from tests.make.notifications import recharged

USER = str(new_id())


LISTENERS = (notifications.NOTICES, ENTRIES)


async def recharge(stores: Stores, count: int) -> list[PlanRecharged]:
    happened = [recharged(user_id=USER, plan_name=f"Plan {number}") for number in range(count)]
    await stores.database.run(lambda db: emit(db, *happened))
    return happened


async def scalar(stores: Stores, statement: str) -> Any:
    return await stores.database.run(lambda db: db.scalar(text(statement)))


async def due_now(stores: Stores) -> None:
    await stores.database.run(lambda db: db.execute(text("UPDATE deliveries SET next_attempt_at = now()")))


async def drained(stores: Stores, relay: Relay) -> None:
    """Deliver until nothing waits: a client may need a moment to notice that its server is back."""
    async with asyncio.timeout(15):
        while True:
            await due_now(stores)
            await relay.drain()
            waiting = await scalar(
                stores, "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM deliveries)"
            )
            if waiting == 0:
                return
            await asyncio.sleep(0.1)


DAY = datetime(2026, 8, 1, 10, 0, tzinfo=UTC)


CUSTOMER, CLERK, OTHER_CLERK = (str(new_id()) for _ in range(3))


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMoved(Event):
    """An event of these tests, of the staff."""

    table_id: str
    changes: dict[str, Any]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFailed(Event):
    """An event of these tests that failed."""

    table_id: str


Ask = Callable[..., Awaitable[Any]]


def envelope(event: Event, number: int, **overrides: Any) -> Envelope:
    values: dict[str, Any] = {
        "id": new_id(),
        "occurred_at": DAY + timedelta(minutes=number),
        "event": event,
        "request_id": f"r-{number}",
        "address": "203.0.113.9",
        "actor_kind": "admin",
        "actor_id": CLERK,
    }
    return Envelope(**(values | overrides))


async def numbers(ask: Ask, **query: Any) -> list[int]:
    """Which of the entries a query finds, by the number in their request's id."""
    page = await ask(**{"limit": 100, **query})
    assert page["next_cursor"] is None
    return [int(entry["request_id"].removeprefix("r-")) for entry in page["items"]]
