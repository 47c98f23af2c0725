"""A plan's payer is reminded three days and one day before its end, each once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from gencharge.core.events.events import EventRow
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.recharge import jobs, reminder_service
from gencharge.recharge.reminder_models import ReminderMark
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import list_plans


@pytest.fixture(autouse=True)
async def begun(shop: Stores) -> AsyncIterator[None]:
    """The job has run up to now, and nothing that other tests bought is left to it."""

    async def forget() -> None:
        await shop.database.run(lambda db: db.execute(delete(ReminderMark)))

    await forget()
    await jobs.remind(shop)
    yield
    await forget()


async def days_reminded(shop: Stores, user_id: UUID) -> list[int]:
    """At which stages somebody was reminded, in the order of the reminders."""
    rows = select(EventRow.payload).where(EventRow.user_id == user_id, EventRow.topic == "PlanEnding")
    async with shop.database.transaction() as db:
        return [payload["days"] for payload in await db.scalars(rows.order_by(EventRow.occurred_at))]


async def bought(shop: Stores) -> tuple[UUID, str, datetime]:
    """A customer with a plan of 28 days: who, for which number, until when."""
    user_id, number = await make_customer(shop), await make_number(shop)
    plan = await find_plan(shop, rupees=189)
    await buy(shop, user_id, number, plan.plan_id)
    (active,) = await list_plans(shop, number)
    assert active.valid_until is not None
    return user_id, number, active.valid_until


async def run_at(shop: Stores, instant: datetime) -> None:
    with clock.at(instant):
        await jobs.remind(shop)


async def test_each_stage_is_announced_once_at_its_time(shop: Stores) -> None:
    user_id, _, end = await bought(shop)
    expected = [
        (timedelta(days=3, minutes=1), []),
        (timedelta(days=3), [3]),
        (timedelta(days=2), [3]),
        (timedelta(days=1, minutes=1), [3]),
        (timedelta(hours=23), [3, 1]),
        (timedelta(minutes=1), [3, 1]),
        (timedelta(days=-1), [3, 1]),
    ]
    for before, stages in expected:
        await run_at(shop, end - before)
        await run_at(shop, end - before)
        assert await days_reminded(shop, user_id) == stages, before


@pytest.mark.parametrize(
    ("before", "stages"),
    [(timedelta(days=2), [3]), (timedelta(hours=5), [1]), (timedelta(hours=-5), [])],
)
async def test_after_a_pause_of_the_job_only_the_stage_that_is_due_is_announced(
    shop: Stores, before: timedelta, stages: list[int]
) -> None:
    user_id, _, end = await bought(shop)
    await run_at(shop, end - before)
    assert await days_reminded(shop, user_id) == stages


async def test_nobody_is_reminded_while_another_plan_waits(shop: Stores) -> None:
    user_id, number, end = await bought(shop)
    plan = await find_plan(shop, rupees=189)
    with clock.later(minutes=5):
        await buy(shop, user_id, number, plan.plan_id)
    await run_at(shop, end - timedelta(days=3))
    await run_at(shop, end - timedelta(hours=20))
    assert await days_reminded(shop, user_id) == []


async def test_two_workers_and_small_batches_announce_each_plan_once(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BATCH", 2)
    customers = [await bought(shop) for _ in range(5)]
    last = max(end for _, _, end in customers)
    with clock.at(last - timedelta(days=3)):
        await asyncio.gather(*(jobs.remind(shop) for _ in range(3)))
    for user_id, _, _ in customers:
        assert await days_reminded(shop, user_id) == [3]


async def test_a_clock_that_goes_back_announces_nothing_twice(shop: Stores) -> None:
    user_id, _, end = await bought(shop)
    for before in (timedelta(days=3), timedelta(days=4), timedelta(days=3)):
        await run_at(shop, end - before)
    assert await days_reminded(shop, user_id) == [3]
    assert reminder_service.STAGES == (3, 1)
