"""A look shows since when each queue has waited, all recharges to the paisa, and which stores answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from prometheus_client import REGISTRY
from pymongo import AsyncMongoClient
from sqlalchemy import text

from gencharge.core.events.events import emit
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.messages.models import MessageChannel
from gencharge.metrics import service
from gencharge.users.events import UserSignedUp
from tests.make.analytics import count
from tests.make.messages import enqueue, outgoing
from tests.make.money import buy, find_plan, make_customer, make_number


def value(name: str, **labels: str) -> float | None:
    """A metric's present value."""
    return REGISTRY.get_sample_value(name, labels)


async def delivered_and_paid(stores: Stores) -> tuple[float, float]:
    await service.look(stores)
    return (
        value("gencharge_recharges_total", operator="JIO", channel="internal", state="delivered") or 0,
        value("gencharge_recharges_paise_total", operator="JIO", what="paid") or 0,
    )


async def test_recharges_are_counted_to_the_paisa_and_only_once(shop: Stores) -> None:
    customer, number = await make_customer(shop), await make_number(shop)
    plan = await find_plan(shop, "JIO", 299)
    count_before, paise_before = await delivered_and_paid(shop)
    await buy(shop, customer, number, plan.plan_id)
    assert await delivered_and_paid(shop) == (count_before, paise_before), "its event is not handed out yet"
    await count(shop)
    assert await delivered_and_paid(shop) == (count_before + 1, paise_before + 29_900)
    assert await delivered_and_paid(shop) == (count_before + 1, paise_before + 29_900), (
        "looking counts nothing"
    )


async def test_the_age_of_a_queue_is_that_of_its_oldest_entry_and_zero_once_it_is_empty(shop: Stores) -> None:
    await count(shop)
    await service.look(shop)
    assert value("gencharge_queue_age_seconds", queue="events") == 0
    with clock.at(clock.now() - timedelta(minutes=3)):
        signed_up = UserSignedUp(user_id=str(SYSTEM_USER_ID), masked_phone_number="+91******1234")
        await shop.database.run(lambda db: emit(db, signed_up))
    await service.look(shop)
    age = value("gencharge_queue_age_seconds", queue="events")
    assert age is not None
    assert 180 <= age < 240
    await count(shop)
    await service.look(shop)
    assert value("gencharge_queue_age_seconds", queue="events") == 0


async def test_a_message_counts_from_when_it_is_due(shop: Stores) -> None:
    await shop.documents["messages"].delete_many({})
    now = clock.now()
    await enqueue(shop, outgoing(channel=MessageChannel.SMS, not_before=now + timedelta(hours=1)))
    await service.look(shop)
    assert value("gencharge_queue_age_seconds", queue="sms") == 0
    await enqueue(shop, outgoing(channel=MessageChannel.SMS, not_before=now - timedelta(minutes=5)))
    await service.look(shop)
    age = value("gencharge_queue_age_seconds", queue="sms")
    assert age is not None
    assert age >= 300
    await shop.documents["messages"].delete_many({})


async def test_parked_deliveries_are_counted(shop: Stores) -> None:
    async def park(db: Any) -> None:
        await db.execute(
            text(
                "INSERT INTO deliveries (user_id, event_id, listener, topic, payload, context, occurred_at, parked_at)"
                " SELECT gen_random_uuid(), gen_random_uuid(), 'gone', 'Gone', '{}', '{}', now(), now()"
                " FROM generate_series(1, 3)"
            )
        )

    await shop.database.run(park)
    await service.look(shop)
    assert value("gencharge_parked_deliveries") == 3


async def test_the_wallets_are_added_up(shop: Stores) -> None:
    async def sums() -> tuple[float, float]:
        await service.add_up_wallets(shop)
        return value("gencharge_wallets") or 0, value("gencharge_wallets_paise", part="free") or 0

    wallets, paise = await sums()
    await make_customer(shop, rupees=70)
    assert await sums() == (wallets + 1, paise + 7_000)


async def test_a_store_that_is_away_is_shown_and_holds_up_nothing_else(shop: Stores) -> None:
    lost: AsyncMongoClient[Any] = AsyncMongoClient(
        "mongodb://127.0.0.1:1", serverSelectionTimeoutMS=100, tz_aware=True
    )
    without = replace(shop, mongo=lost, documents=lost["none"])
    try:
        await service.look(without)
    finally:
        await lost.close()
    assert value("gencharge_store_up", store="mongodb") == 0
    assert value("gencharge_store_up", store="postgresql") == 1
    assert value("gencharge_store_up", store="redis") == 1
    await service.look(shop)
    assert value("gencharge_store_up", store="mongodb") == 1
