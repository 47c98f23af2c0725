"""The end of a payment reaches its bill, and a recharge's end reaches none."""

from __future__ import annotations

from gencharge import wiring
from gencharge.bills.context_service import BillsContext
from gencharge.bills.listeners import ENDED
from gencharge.bills.models import BillStatus
from gencharge.core.stores.stores import Stores
from gencharge.delivery.loop import Dispatcher
from tests.make.bills import fetch, pay, put_bill, read
from tests.make.delivery import purchase
from tests.make.money import make_customer
from tests.make.outside import Outside
from tests.make.recharge import assert_books_balance


async def test_the_listener_is_plugged_in() -> None:
    assert ENDED in wiring.LISTENERS


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
