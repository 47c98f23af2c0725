"""What the staff see of autopays, and what running them by hand answers."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from gencharge.autopay import service as autopays
from gencharge.autopay import staff_service as staff
from gencharge.autopay.errors import AutopayNotFound
from gencharge.autopay.models import RunOutcome
from gencharge.autopay.staff_schemas import ProcessedOut, StaffAutopayQuery
from gencharge.core.http.paging import PageQuery
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.money import Money
from gencharge.payments.service import PaymentContext
from gencharge.sessions.guards import Principal
from tests.make.autopay import attempts_of, make_autopay, make_owner, recharges_of
from tests.make.offers import market_of
from tests.make.users import events_of

EVERYWHERE = Principal(user_id=new_id(), session_id=new_id(), kind="admin", role="SuperAdmin")
JIO_ONLY = Principal(
    user_id=new_id(), session_id=new_id(), kind="admin", role="Manager", operator_scope=("JIO",)
)


async def listed(stores: Stores, admin: Principal = EVERYWHERE, **query: Any) -> set[UUID]:
    params = StaffAutopayQuery.model_validate({"limit": 100, **query})
    page = await stores.database.run(lambda db: staff.list_autopays(db, admin, params))
    return {item.autopay_id for item in page.items}


async def test_each_filter_keeps_what_it_names_and_drops_the_rest(shop: Stores) -> None:
    user_id = await make_owner(shop)
    jio = await make_autopay(shop, user_id, tag="onetime")
    other = await make_autopay(shop, await make_owner(shop), operator="AIRTEL", due_in=timedelta(days=40))
    await shop.database.run(lambda db: autopays.pause(db, user_id, jio.autopay_id))
    soon = (clock.now() + timedelta(days=20)).isoformat()
    for query in (
        {"user_id": user_id},
        {"phone_number": jio.phone_number},
        {"status": "paused"},
        {"pause_reason": "customer"},
        {"tag": "onetime"},
        {"operator": "jio"},
        {"plan_id": jio.plan_id},
        {"to": soon},
    ):
        ids = await listed(shop, **query)
        assert jio.autopay_id in ids, query
        assert other.autopay_id not in ids, query
    assert {jio.autopay_id, other.autopay_id} <= await listed(shop)
    assert other.autopay_id in await listed(shop, **{"from": soon})


async def test_an_admin_of_one_operator_sees_that_operators_autopays_alone(shop: Stores) -> None:
    user_id = await make_owner(shop)
    jio = await make_autopay(shop, user_id)
    airtel = await make_autopay(shop, user_id, operator="AIRTEL")
    ids = await listed(shop, JIO_ONLY, user_id=user_id)
    assert ids == {jio.autopay_id}
    shown = await shop.database.run(lambda db: staff.get_autopay(db, JIO_ONLY, user_id, jio.autopay_id))
    assert shown.user is not None
    assert (shown.user_id, shown.user.user_id) == (user_id, user_id)
    with pytest.raises(AutopayNotFound):
        await shop.database.run(lambda db: staff.get_autopay(db, JIO_ONLY, user_id, airtel.autopay_id))
    with pytest.raises(AutopayNotFound):
        await shop.database.run(
            lambda db: staff.list_attempts(db, JIO_ONLY, user_id, airtel.autopay_id, PageQuery())
        )


async def test_the_calendar_counts_what_is_due_on_each_day_in_india(shop: Stores) -> None:
    instant = clock.start_of_day(clock.now().astimezone(clock.IST).date() + timedelta(days=200))
    with clock.at(instant - timedelta(days=2)):
        for seconds in (0, 60, -1):
            user_id = await make_owner(shop)
            await make_autopay(shop, user_id, next_due_at=instant + timedelta(seconds=seconds))
        paused = await make_autopay(shop, user_id, next_due_at=instant)
        await shop.database.run(lambda db: autopays.pause(db, user_id, paused.autopay_id))
        calendar = await shop.database.run(lambda db: staff.calendar(db, EVERYWHERE, days=4))
        day = instant.astimezone(clock.IST).date()
        figures = {each.day: (each.count, each.total) for each in calendar.days}
        assert figures[day] == (2, Money(59_800))
        assert figures[day - timedelta(days=1)] == (1, Money(29_900))
    with clock.at(instant + timedelta(hours=1)):
        late = await shop.database.run(lambda db: staff.calendar(db, EVERYWHERE, days=1))
        assert late.overdue >= 3
        assert late.days == []


async def process(stores: Stores, *, limit: int = 200) -> ProcessedOut:
    """What is due is run by hand."""
    return await staff.process_due(PaymentContext.at(stores), await market_of(stores), limit=limit)


async def drain(stores: Stores) -> None:
    """What other tests left behind."""
    while (await process(stores)).is_more:
        pass


async def test_what_is_run_by_hand_has_a_result_for_each(shop: Stores) -> None:
    with clock.later(days=2):
        await drain(shop)
    rich, poor = await make_owner(shop), await make_owner(shop, 0)
    paid, unpaid = await make_autopay(shop, rich), await make_autopay(shop, poor)
    with clock.later(days=2, hours=1):
        answer = await process(shop)
        again = await process(shop)
    results = {item.autopay_id: item for item in answer.items}
    success, failure = results[paid.autopay_id], results[unpaid.autopay_id]
    [recharge] = await recharges_of(shop, rich)
    assert (success.outcome, success.amount, success.recharge_id) == (
        RunOutcome.SUCCEEDED,
        Money(29_900),
        recharge.id,
    )
    assert success.late_seconds >= 3_599
    assert (failure.outcome, failure.reason) == (RunOutcome.RETRYING, "insufficient_balance")
    assert not answer.is_more
    assert {paid.autopay_id, unpaid.autopay_id}.isdisjoint(item.autopay_id for item in again.items)
    processed = (await events_of(shop, SYSTEM_USER_ID, "AutopaysProcessed"))[-2]
    assert processed["outcomes"] == {"succeeded": 1, "retrying": 1}


async def test_the_limit_is_kept_and_says_that_there_is_more(shop: Stores) -> None:
    with clock.later(days=2, hours=2):
        await drain(shop)
    for _ in range(3):
        await make_autopay(shop, await make_owner(shop))
    with clock.later(days=2, hours=3):
        first = await process(shop, limit=2)
        assert (len(first.items), first.is_more) == (2, True)
        rest = await process(shop)
    assert len(rest.items) >= 1


async def test_five_admins_at_once_charge_once(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    with clock.later(days=2, hours=4):
        await asyncio.gather(*(process(shop) for _ in range(5)))
    assert len(await recharges_of(shop, user_id)) == 1
    assert await attempts_of(shop, autopay) == [("succeeded", None)]
