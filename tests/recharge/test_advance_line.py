"""A number's plans over time: one active base plan, a queue behind it, add-ons beside it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import EventRow
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.recharge import errors, jobs
from gencharge.recharge import service as recharge
from gencharge.recharge.schemas import RechargeQuery
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import list_plans


async def test_a_second_base_plan_waits_and_says_so(shop: Stores) -> None:
    user, number = await make_customer(shop), await make_number(shop)
    await buy(shop, user, number, (await find_plan(shop)).plan_id)
    second = (await buy(shop, user, number, (await find_plan(shop, rupees=349)).plan_id)).answer
    assert (second.status, second.valid_from, second.valid_until) == ("queued", None, None)


async def test_a_queued_plan_starts_at_the_instant_the_one_before_it_ends_and_loses_no_day(
    shop: Stores,
) -> None:
    user, number = await make_customer(shop), await make_number(shop)
    first = (await buy(shop, user, number, (await find_plan(shop)).plan_id)).answer
    await buy(shop, user, number, (await find_plan(shop, rupees=349)).plan_id)
    with clock.later(days=30):  # two days late
        await jobs.advance_lines(shop)
    old, new = await list_plans(shop, number)
    assert (old.status, new.status) == ("expired", "active")
    assert new.valid_from == first.valid_until
    assert new.valid_until is not None
    assert new.valid_from is not None
    assert new.valid_until - new.valid_from == timedelta(days=28)


async def test_a_queue_of_three_unrolls_in_order_however_late_the_job_runs(shop: Stores) -> None:
    user, number = await make_customer(shop), await make_number(shop)
    for rupees in (299, 349, 249):
        await buy(shop, user, number, (await find_plan(shop, rupees=rupees)).plan_id)
    with clock.later(days=70):
        await jobs.advance_lines(shop)
        await jobs.advance_lines(shop)  # again: changes nothing
    plans = await list_plans(shop, number)
    assert [plan.status for plan in plans] == ["expired", "expired", "active"]
    assert plans[2].valid_from == plans[1].valid_until
    assert plans[1].valid_from == plans[0].valid_until
    async with shop.database.transaction() as db:
        topics = list(
            await db.scalars(select(EventRow.topic).where(EventRow.user_id == user).order_by(EventRow.id))
        )
    assert sorted(topics[3:]) == ["PlanActivated", "PlanActivated", "PlanExpired", "PlanExpired"]


async def test_reading_advances_a_line_as_the_job_does(shop: Stores) -> None:
    user, number = await make_customer(shop), await make_number(shop)
    first = (await buy(shop, user, number, (await find_plan(shop)).plan_id)).answer
    second = (await buy(shop, user, number, (await find_plan(shop, rupees=349)).plan_id)).answer
    with clock.later(days=29):
        one = await shop.database.run(lambda db: recharge.show(db, user, first.subscription_id))
        two = await shop.database.run(lambda db: recharge.show(db, user, second.subscription_id))
        listed = await shop.database.run(lambda db: recharge.list_recharges(db, user, RechargeQuery()))
    assert (one.status, two.status) == ("expired", "active")
    assert two.valid_from == first.valid_until
    assert [item.status for item in listed.items] == ["active", "expired"]


async def test_a_recharge_after_the_end_of_the_last_plan_starts_at_once(shop: Stores) -> None:
    user, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    await buy(shop, user, number, plan.plan_id)
    with clock.later(days=28, seconds=1):
        again = (await buy(shop, user, number, plan.plan_id)).answer
    assert again.status == "active"
    assert [item.status for item in await list_plans(shop, number)] == ["expired", "active"]


async def test_activate_replaces_the_active_plan_and_says_what_is_lost(shop: Stores) -> None:
    user, number = await make_customer(shop), await make_number(shop)
    first = (await buy(shop, user, number, (await find_plan(shop)).plan_id)).answer
    plan = await find_plan(shop, rupees=349)
    second = (await buy(shop, user, number, plan.plan_id, key="r", activation_mode="activate")).answer
    assert second.status == "active"
    assert second.replaced_plan is not None
    assert second.replaced_plan.valid_until == first.valid_until
    assert [item.status for item in await list_plans(shop, number)] == ["replaced", "active"]
    assert (await buy(shop, user, number, plan.plan_id, key="r", activation_mode="activate")).answer == second


async def test_the_queue_goes_on_behind_a_plan_that_replaced_the_active_one(shop: Stores) -> None:
    user, number = await make_customer(shop), await make_number(shop)
    await buy(shop, user, number, (await find_plan(shop)).plan_id)
    await buy(shop, user, number, (await find_plan(shop, rupees=249)).plan_id)
    third = (
        await buy(shop, user, number, (await find_plan(shop, rupees=349)).plan_id, activation_mode="activate")
    ).answer
    with clock.later(days=29):
        await jobs.advance_lines(shop)
    plans = await list_plans(shop, number)
    assert [plan.status for plan in plans] == ["replaced", "active", "expired"]
    assert plans[1].valid_from == third.valid_until


async def test_addons_run_beside_the_base_plan_and_one_without_days_ends_with_it(shop: Stores) -> None:
    user, number = await make_customer(shop), await make_number(shop, "AIRTEL")
    base = (await buy(shop, user, number, (await find_plan(shop, "AIRTEL", 299)).plan_id)).answer
    day = (await buy(shop, user, number, (await find_plan(shop, "AIRTEL", 22)).plan_id)).answer
    with_base = (await buy(shop, user, number, (await find_plan(shop, "AIRTEL", 77)).plan_id)).answer
    assert {day.status, with_base.status} == {"active"}
    assert with_base.valid_until == base.valid_until
    assert day.valid_until is not None
    with clock.later(days=1, seconds=1):
        await jobs.advance_lines(shop)
        assert [item.status for item in await list_plans(shop, number)] == ["active", "expired", "active"]
    with clock.later(days=29):
        await jobs.advance_lines(shop)
        assert {item.status for item in await list_plans(shop, number)} == {"expired"}


async def test_an_addon_with_its_own_days_needs_no_base_plan(shop: Stores) -> None:
    user, number = await make_customer(shop), await make_number(shop, "AIRTEL")
    assert (
        await buy(shop, user, number, (await find_plan(shop, "AIRTEL", 22)).plan_id)
    ).answer.status == "active"
    with pytest.raises(errors.BasePlanRequired):
        await buy(shop, user, number, (await find_plan(shop, "AIRTEL", 77)).plan_id)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2027-01-31T10:00:00+05:30", "2027-02-28T10:00:00+05:30"),
        ("2028-01-31T10:00:00+05:30", "2028-02-29T10:00:00+05:30"),
        ("2027-03-15T23:30:00+05:30", "2027-04-15T23:30:00+05:30"),
        # 31 December in India is still the 30th in UTC: the date that counts is India's.
        ("2027-12-31T01:00:00+05:30", "2028-01-31T01:00:00+05:30"),
    ],
)
async def test_a_month_is_the_same_date_of_the_next_month_in_india(
    shop: Stores, start: str, end: str
) -> None:
    user, number = await make_customer(shop), await make_number(shop, "VI", service_type="postpaid")
    with clock.at(datetime.fromisoformat(start)):
        sale = (await buy(shop, user, number, (await find_plan(shop, "VI", 451)).plan_id)).answer
    assert sale.valid_until == datetime.fromisoformat(end)


async def test_the_database_itself_refuses_a_second_active_base_plan(shop: Stores) -> None:
    user, number = await make_customer(shop), await make_number(shop)
    await buy(shop, user, number, (await find_plan(shop)).plan_id)
    await buy(shop, user, number, (await find_plan(shop, rupees=349)).plan_id)

    async def cheat(db: AsyncSession) -> None:
        await db.execute(
            text(
                "UPDATE active_plans SET status = 'active', valid_until = now() + interval '1 day' WHERE phone_number = :n"
            ),
            {"n": number},
        )

    with pytest.raises(IntegrityError):
        await shop.database.run(cheat)


async def test_a_queue_that_was_left_with_nothing_active_is_found_and_started(shop: Stores) -> None:
    user, number = await make_customer(shop), await make_number(shop)
    await buy(shop, user, number, (await find_plan(shop)).plan_id)
    await buy(shop, user, number, (await find_plan(shop, rupees=349)).plan_id)

    async def strand(db: AsyncSession) -> None:
        statement = (
            "UPDATE active_plans SET status = 'cancelled' WHERE phone_number = :n AND status = 'active'"
        )
        await db.execute(text(statement), {"n": number})

    await shop.database.run(strand)
    await jobs.advance_lines(shop)
    assert [item.status for item in await list_plans(shop, number)] == ["cancelled", "active"]
