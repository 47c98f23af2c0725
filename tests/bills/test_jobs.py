"""The job reminds by day, over a client of its own, and sleeps at night."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from gencharge.bills import jobs
from gencharge.bills.context_service import BillsContext
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.bills import fetch, put_bill
from tests.make.outside import Outside
from tests.make.recharge import list_topics


async def test_a_bill_is_announced_by_day_and_not_at_night(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id = uuid4()
    bill = await fetch(context, user_id, put_bill(outside, days=10))
    midnight = clock.start_of_day(bill.due_on)
    with clock.at(midnight + timedelta(hours=3)):
        await jobs.remind(shop)
    assert await list_topics(shop, user_id) == []
    with clock.at(midnight + timedelta(hours=12)):
        await jobs.remind(shop)
    assert await list_topics(shop, user_id) == ["BillDue"]
