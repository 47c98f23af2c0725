"""A customer's lists, the single recharge, and the verbs for the rooms above."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from gencharge.core.http.paging import CursorInvalid
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.operators import service as operators
from gencharge.recharge import service as recharges
from gencharge.recharge.errors import RechargeNotFound
from gencharge.recharge.models import PaymentState, Recharge, RechargeRefund
from gencharge.recharge.schemas import (
    BoughtPlanPage,
    BoughtPlanQuery,
    RechargeOut,
    RechargePage,
    RechargeQuery,
)
from gencharge.sessions.guards import Principal
from tests.make.delivery import FIRST, Purchase, purchase
from tests.make.factories import make_user
from tests.make.money import buy, find_plan, fingerprint, fund, make_customer, make_number
from tests.make.recharge import assert_books_balance, list_plans


async def show(stores: Stores, user_id: UUID, recharge_id: UUID) -> RechargeOut:
    return await stores.database.run(lambda db: recharges.show(db, user_id, recharge_id))


async def page_of(stores: Stores, user_id: UUID, **query: Any) -> RechargePage:
    command = RechargeQuery.model_validate(query)
    return await stores.database.run(lambda db: recharges.list_recharges(db, user_id, command))


async def plans_of(stores: Stores, user_id: UUID, **query: Any) -> BoughtPlanPage:
    command = BoughtPlanQuery.model_validate(query)
    return await stores.database.run(lambda db: recharges.list_plans(db, user_id, command))


async def deliver(bought: Purchase) -> None:
    await bought.stores.database.run(
        lambda db: recharges.deliver(
            db, bought.user_id, bought.id, operator_reference=None, channel=FIRST, commission=897
        )
    )


async def take_back(bought: Purchase, refund_id: UUID) -> int | None:
    return await bought.stores.database.run(
        lambda db: recharges.take_back(
            db, bought.user_id, bought.id, refund_id=refund_id, reason="not in the statement", by=uuid4()
        )
    )


# The first one


async def test_the_first_delivered_recharge_is_the_oldest_of_enough_money_refunded_or_not(
    shop: Stores,
) -> None:
    user, plan = await make_customer(shop), await find_plan(shop, "AIRTEL")
    before = clock.now()
    ids = []
    for days in (0, 1):
        with clock.later(days=days):
            sale = await buy(shop, user, await make_number(shop, "AIRTEL"), plan.plan_id)
            ids.append(sale.answer.subscription_id)

    async def first(**conditions: Any) -> UUID | None:
        row = await shop.database.run(lambda db: recharges.first_delivered(db, user, **conditions))
        return None if row is None else row.id

    await shop.database.run(
        lambda db: recharges.take_back(db, user, ids[0], refund_id=uuid4(), reason="r", by=uuid4())
    )
    assert await first() == ids[0]
    assert await first(minimum=29_900, since=before) == ids[0]
    assert await first(minimum=29_901) is None
    assert await first(since=before + timedelta(hours=12)) == ids[1]
    assert await first(before=before) is None


# One recharge


async def test_one_recharge_is_the_customers_own(shop: Stores) -> None:
    user_id, number = await make_customer(shop), await make_number(shop, "AIRTEL")
    sale = await buy(shop, user_id, number, (await find_plan(shop, "AIRTEL", 299)).plan_id, key="own")
    assert (await show(shop, user_id, sale.answer.recharge_id)).status == "active"
    by_key = await shop.database.run(lambda db: recharges.show_by_key(db, user_id, "own"))
    assert by_key == await show(shop, user_id, sale.answer.recharge_id)
    for wrong in ((uuid4(), sale.answer.recharge_id), (user_id, uuid4())):
        with pytest.raises(RechargeNotFound):
            await show(shop, *wrong)
    for user, key in ((uuid4(), "own"), (user_id, "other")):
        with pytest.raises(RechargeNotFound):
            await shop.database.run(lambda db, user=user, key=key: recharges.show_by_key(db, user, key))  # type: ignore[misc]


async def test_showing_a_recharge_expires_its_plan_and_starts_the_next(shop: Stores) -> None:
    user_id, number = await make_customer(shop), await make_number(shop, "AIRTEL")
    plan = await find_plan(shop, "AIRTEL", 299)
    first = (await buy(shop, user_id, number, plan.plan_id)).answer
    second = (await buy(shop, user_id, number, plan.plan_id, confirm_duplicate=True)).answer
    with clock.later(days=29):
        assert (await show(shop, user_id, first.recharge_id)).status == "expired"
        shown = await show(shop, user_id, second.recharge_id)
    assert (shown.status, shown.valid_from) == ("active", first.valid_until)


async def test_a_recharge_is_in_the_scope_of_its_operators_admins(shop: Stores) -> None:
    user_id, number = await make_customer(shop), await make_number(shop, "AIRTEL")
    sale = (await buy(shop, user_id, number, (await find_plan(shop, "AIRTEL", 299)).plan_id)).answer

    async def find(*operators: str) -> Recharge:
        admin = Principal(
            user_id=uuid4(), kind="admin", session_id=uuid4(), role="Viewer", operator_scope=operators
        )
        return await shop.database.run(
            lambda db: recharges.get_in_scope(db, admin, user_id, sale.recharge_id)
        )

    assert (await find()).id == (await find("VI", "AIRTEL")).id == sale.recharge_id
    with pytest.raises(RechargeNotFound):
        await find("JIO")


@pytest.mark.parametrize(
    ("status", "shown"), [(PaymentState.UNKNOWN, "unknown"), (PaymentState.PROCESSING, "processing")]
)
async def test_a_pending_recharge_is_shown_as_its_operator_has_it(
    jio: Stores, status: PaymentState, shown: str
) -> None:
    bought = await purchase(jio)
    await jio.database.run(lambda db: recharges.show_pending_as(db, bought.user_id, bought.id, status))
    assert (await show(jio, bought.user_id, bought.id)).status == shown
    recharge = await bought.recharge()
    assert await jio.database.run(lambda db: recharges.status_of(db, recharge)) == shown


async def test_a_failed_recharge_is_not_shown_as_pending_again(jio: Stores) -> None:
    bought = await purchase(jio)
    await jio.database.run(lambda db: recharges.fail(db, bought.user_id, bought.id, reason="refused"))
    await jio.database.run(
        lambda db: recharges.show_pending_as(db, bought.user_id, bought.id, PaymentState.PROCESSING)
    )
    assert (await show(jio, bought.user_id, bought.id)).failure_reason == "refused"
    assert (await bought.recharge()).status == "failed"


# Lists


async def test_pages_follow_each_other_in_both_orders(shop: Stores) -> None:
    user_id, plan = await make_customer(shop), await find_plan(shop, "AIRTEL", 299)
    ids = [
        (await buy(shop, user_id, await make_number(shop, "AIRTEL"), plan.plan_id)).answer.recharge_id
        for _ in range(5)
    ]
    for sort, expected in (("created_at", ids), ("-created_at", ids[::-1])):
        seen: list[UUID] = []
        cursor: str | None = None
        for _ in range(3):
            page = await page_of(shop, user_id, limit=2, sort=sort, cursor=cursor, include_total=True)
            seen += [item.recharge_id for item in page.items]
            cursor = page.next_cursor
            assert page.total == 5
        assert (seen, cursor) == (expected, None)
    with pytest.raises(CursorInvalid):
        await page_of(shop, user_id, cursor="zzz")


async def test_a_customer_without_recharges_has_empty_lists(shop: Stores) -> None:
    user = await shop.database.run(make_user)
    assert (await page_of(shop, user.user_id)).items == []
    assert (await plans_of(shop, user.user_id)).items == []


async def test_bought_plans_are_found_by_the_time_in_which_they_run(shop: Stores) -> None:
    user = await shop.database.run(make_user)
    await fund(shop, user.user_id, 1_000)
    number, plan = await make_number(shop, "AIRTEL"), await find_plan(shop, "AIRTEL", 299)
    runs = (await buy(shop, user.user_id, number, plan.plan_id)).answer.recharge_id
    waits = (await buy(shop, user.user_id, number, plan.plan_id, confirm_duplicate=True)).answer.recharge_id
    listed = {item.recharge_id: item for item in (await plans_of(shop, user.user_id)).items}
    begins, ends = listed[runs].valid_from, listed[runs].valid_until
    assert (begins is not None, ends is not None, listed[waits].valid_from) == (True, True, None)
    second = timedelta(seconds=1)
    for query, expected in (
        ({"from": (ends - second).isoformat()}, [runs]),
        ({"from": ends.isoformat()}, []),
        ({"to": begins.isoformat()}, []),
        ({"to": (begins + second).isoformat()}, [runs]),
        ({"from": (begins + second).isoformat(), "to": (ends - second).isoformat()}, [runs]),
    ):
        page = await plans_of(shop, user.user_id, **query)
        assert [item.recharge_id for item in page.items] == expected, query


async def test_the_plans_of_my_own_number_are_listed_whoever_paid(shop: Stores) -> None:
    user = await shop.database.run(make_user)
    await shop.database.run(
        lambda db: operators.remember(
            db, user.phone_number, SYSTEM_USER_ID, operator="AIRTEL", circle=None, service_type="prepaid"
        )
    )
    giver = await shop.database.run(make_user)
    plan = await find_plan(shop, "AIRTEL", 299)
    await fund(shop, giver.user_id, 1_000)
    sale = (await buy(shop, giver.user_id, user.phone_number, plan.plan_id)).answer
    other = (await buy(shop, giver.user_id, await make_number(shop, "AIRTEL"), plan.plan_id)).answer
    assert [item.recharge_id for item in (await plans_of(shop, user.user_id)).items] == [sale.recharge_id]
    bought = {item.recharge_id for item in (await plans_of(shop, giver.user_id)).items}
    assert bought == {sale.recharge_id, other.recharge_id}
    assert (await page_of(shop, user.user_id)).items == [], "the recharge is the giver's"


async def test_a_list_advances_all_lines_of_the_customer(shop: Stores) -> None:
    user = await shop.database.run(make_user)
    await fund(shop, user.user_id, 2_000)
    plan, numbers = await find_plan(shop, "AIRTEL", 299), []
    for _ in range(3):
        numbers.append(await make_number(shop, "AIRTEL"))
        await buy(shop, user.user_id, numbers[-1], plan.plan_id)
    with clock.later(days=29):
        assert {item.status for item in (await page_of(shop, user.user_id)).items} == {"expired"}
    for number in numbers:
        assert [each.status for each in await list_plans(shop, number)] == ["expired"]


# Taking back


async def test_what_is_left_of_a_delivered_recharge_is_taken_back_once(jio: Stores) -> None:
    bought, refund_id = await purchase(jio), uuid4()
    await deliver(bought)
    assert await take_back(bought, refund_id) == 29_900
    assert await take_back(bought, refund_id) == 0
    assert await take_back(bought, uuid4()) == 0
    assert await bought.balance() == 100_000
    async with jio.database.transaction() as db:
        query = select(RechargeRefund).where(RechargeRefund.recharge_id == bought.id)
        [row] = (await db.scalars(query)).all()
        assert (row.refund_id, row.amount, row.destination) == (refund_id, 29_900, "wallet")
    await assert_books_balance(jio)


async def test_what_was_not_delivered_is_not_taken_back(jio: Stores) -> None:
    bought = await purchase(jio)
    before = await fingerprint(jio)
    assert await take_back(bought, uuid4()) is None
    assert await fingerprint(jio) == before
    await jio.database.run(lambda db: recharges.fail(db, bought.user_id, bought.id, reason="refused"))
    assert await take_back(bought, uuid4()) is None


async def test_ten_who_take_one_recharge_back_at_once_refund_it_once(jio: Stores) -> None:
    bought = await purchase(jio)
    await deliver(bought)
    amounts = await asyncio.gather(*(take_back(bought, uuid4()) for _ in range(10)))
    assert sorted(amount or 0 for amount in amounts) == [0] * 9 + [29_900]
    assert await bought.balance() == 100_000
    await assert_books_balance(jio)
