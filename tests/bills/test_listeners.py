"""The end of a payment and its refund reach their bill, and those of a recharge reach none."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from gencharge import wiring
from gencharge.bills.context_service import BillsContext
from gencharge.bills.errors import BillExpired
from gencharge.bills.listeners import ENDED, TAKEN_BACK
from gencharge.bills.models import BillStatus
from gencharge.core.stores.stores import Stores
from gencharge.delivery.loop import Dispatcher
from tests.make.bills import fetch, pay, put_bill, read
from tests.make.delivery import purchase
from tests.make.money import make_customer
from tests.make.outside import Outside
from tests.make.recharge import assert_books_balance


async def test_the_listeners_are_plugged_in() -> None:
    assert {ENDED, TAKEN_BACK} <= set(wiring.LISTENERS)


async def test_a_failed_recharge_of_the_same_number_leaves_the_bill_alone(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside)
    bill = await fetch(context, user_id, number)
    await pay(context, user_id, bill)
    outside.script("*", "submit", "decline", match={"amount": 299_00})
    await purchase(shop)  # another customer's recharge fails at the same time
    await dispatcher.drain()
    after = await read(shop, user_id, bill)
    assert (after.status, after.amount.paise) == (BillStatus.PAID, 0)
    await assert_books_balance(shop)


async def refund(shop: Stores, user_id: UUID, recharge_id: UUID, paise: int) -> None:
    """What the staff give back."""
    refund_id, context = str(uuid4()), "{}"
    outcome = await shop.database.run(
        lambda db: db.scalar(
            text(
                "SELECT refund_recharge(p_user => :user_id, p_recharge => :id, p_amount => :paise, p_key => :key,"
                " p_reason => 'paid twice', p_context => CAST(:context AS jsonb), p_pinned => NULL)"
            ),
            {"user_id": user_id, "id": recharge_id, "paise": paise, "key": refund_id, "context": context},
        )
    )
    assert outcome == "refunded"


async def test_a_refund_leaves_no_bill_paid_and_it_is_fetched_again_before_it_is_paid_again(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside, paise=500_00)
    bill = await fetch(context, user_id, number)
    await pay(context, user_id, bill)
    await dispatcher.drain()
    paid = await read(shop, user_id, bill)
    assert paid.status is BillStatus.PAID
    assert paid.recharge_id is not None
    await refund(shop, user_id, paid.recharge_id, 200_00)
    part = await read(shop, user_id, bill)
    assert (part.status, part.amount.paise) == (BillStatus.DUE, 200_00)
    await refund(shop, user_id, paid.recharge_id, 300_00)
    whole = await read(shop, user_id, bill)
    assert (whole.status, whole.amount.paise) == (BillStatus.DUE, 500_00)
    with pytest.raises(BillExpired):
        await pay(context, user_id, whole)
    await assert_books_balance(shop)


async def test_a_bill_that_was_fetched_after_the_refund_is_as_the_operator_says(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside, paise=500_00)
    bill = await fetch(context, user_id, number)
    await pay(context, user_id, bill)
    await dispatcher.drain()
    paid = await read(shop, user_id, bill)
    assert paid.recharge_id is not None
    await refund(shop, user_id, paid.recharge_id, 500_00)
    put_bill(outside, phone_number=number, paise=450_00)
    await fetch(context, user_id, number)
    after = await read(shop, user_id, bill)
    assert (after.status, after.amount.paise) == (BillStatus.DUE, 450_00)


async def test_a_refund_of_a_recharge_reaches_no_bill(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 1_000), put_bill(outside)
    bill = await fetch(context, user_id, number)
    await pay(context, user_id, bill)
    bought = await purchase(shop)
    await dispatcher.drain()
    await refund(shop, bought.user_id, bought.id, 299_00)
    assert (await read(shop, user_id, bill)).status is BillStatus.PAID
