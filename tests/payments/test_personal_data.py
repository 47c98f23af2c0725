"""A customer's payments in the overview and the export of their account."""

from __future__ import annotations

import httpx

from gencharge.core.stores.stores import Stores
from gencharge.payments import personal_data
from tests.make.factories import headers_for
from tests.make.outside import Outside
from tests.make.payments import (
    make_payer,
    paid_topup,
    top_up,
)


async def test_a_customers_payments_are_in_their_export(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    headers = headers_for(stores.settings, user_id)
    payment = await paid_topup(api, outside, headers)
    await top_up(api, headers, 10)
    assert personal_data.PART.overview
    assert personal_data.PART.export
    async with stores.database.transaction() as db:
        assert await personal_data.PART.overview(db, user_id) == {"open_payments": 1, "refunds_under_way": 0}
    exported = await personal_data.PART.export(stores, user_id)
    ids = [str(each.payment_id) async for each in exported["payments"]]
    assert ids[0] == payment["payment_id"]
    assert len(ids) == 2
