"""The job that expires plans and starts queued ones, in batches."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.recharge import jobs
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import assert_books_balance, list_plans, list_topics


async def statuses(stores: Stores, number: str) -> list[str]:
    return [plan.status for plan in await list_plans(stores, number)]


async def test_all_lines_are_advanced_though_they_are_more_than_a_batch(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BATCH", 2)
    user_id, plan = await make_customer(shop), await find_plan(shop, rupees=189)
    numbers = [await make_number(shop) for _ in range(7)]
    for number in numbers:
        await buy(shop, user_id, number, plan.plan_id)
    await jobs.advance_lines(shop)
    assert {tuple(await statuses(shop, number)) for number in numbers} == {("active",)}
    with clock.later(days=60):
        await jobs.advance_lines(shop)
    assert {tuple(await statuses(shop, number)) for number in numbers} == {("expired",)}
    assert (await list_topics(shop, user_id)).count("PlanExpired") == 7


@pytest.mark.parametrize(
    ("bought", "before", "at"),
    [
        # Rs 451 of VI is a month by the calendar of India.
        ("2027-01-31T00:00:00+05:30", "2027-02-27T23:59:59+05:30", "2027-02-28T00:00:00+05:30"),
        ("2028-01-31T23:59:59+05:30", "2028-02-29T23:59:58+05:30", "2028-02-29T23:59:59+05:30"),
        ("2027-03-31T00:00:00+05:30", "2027-04-29T23:59:59+05:30", "2027-04-30T00:00:00+05:30"),
    ],
)
async def test_a_monthly_plan_ends_at_its_instant_in_india_and_not_before(
    shop: Stores, bought: str, before: str, at: str
) -> None:
    user_id, number = await make_customer(shop), await make_number(shop, "VI", service_type="postpaid")
    with clock.at(datetime.fromisoformat(bought)):
        await buy(shop, user_id, number, (await find_plan(shop, "VI", 451)).plan_id)
    for instant, status in ((before, "active"), (at, "expired")):
        with clock.at(datetime.fromisoformat(instant)):
            await jobs.advance_lines(shop)
        assert await statuses(shop, number) == [status]


async def test_two_workers_at_once_expire_each_plan_once(shop: Stores) -> None:
    user_id, number = await make_customer(shop), await make_number(shop)
    for rupees in (299, 349, 249):
        await buy(shop, user_id, number, (await find_plan(shop, rupees=rupees)).plan_id)
    with clock.later(days=60):
        await asyncio.gather(*(jobs.advance_lines(shop) for _ in range(4)))
    assert await statuses(shop, number) == ["expired", "expired", "active"]
    topics = await list_topics(shop, user_id)
    assert (topics.count("PlanExpired"), topics.count("PlanActivated")) == (2, 2)
    await assert_books_balance(shop)


def test_the_job_runs_twice_a_minute() -> None:
    job = next(job for job in jobs.JOBS if job.name == "recharge.advance_lines")
    assert (job.name, job.cron) == ("recharge.advance_lines", "*/30 * * * * *")
