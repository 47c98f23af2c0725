"""Bills are in the export of their customer, and gone once the account is erased."""

from __future__ import annotations

from uuid import uuid4

from gencharge.bills import personal_data
from gencharge.bills import service as bills
from gencharge.bills.context_service import BillsContext
from gencharge.bills.schemas import BillQuery
from gencharge.core.stores.stores import Stores
from tests.make.bills import fetch, put_bill
from tests.make.outside import Outside


async def test_bills_are_exported_and_erased_and_nobody_elses(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, other, number = uuid4(), uuid4(), put_bill(outside)
    bill, theirs = await fetch(context, user_id, number), await fetch(context, other, number)
    assert personal_data.PART.export is not None
    assert personal_data.PART.erase is not None
    exported = [each async for each in await personal_data.PART.export(shop, user_id)]
    assert exported == [bill]
    await personal_data.PART.erase(shop, user_id)
    page = await shop.database.run(lambda db: bills.list_bills(db, user_id, BillQuery()))
    assert page.items == []
    page = await shop.database.run(lambda db: bills.list_bills(db, other, BillQuery()))
    assert page.items == [theirs]
