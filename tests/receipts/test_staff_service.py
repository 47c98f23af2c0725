"""A customer's receipt for the staff: the same one, within the admin's operators."""

from __future__ import annotations

from uuid import uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.receipts import crud, staff_service
from gencharge.receipts.errors import ReceiptNotReady
from gencharge.receipts.schemas import ReceiptOut
from gencharge.recharge.errors import RechargeNotFound
from gencharge.sessions.guards import Principal
from tests.make.receipts import SELLER, Ids, issue, sell
from tests.make.recharge import run_sql


async def show(stores: Stores, ids: Ids, *operators: str) -> ReceiptOut:
    admin = Principal(
        user_id=uuid4(), kind="admin", session_id=uuid4(), role="Support", operator_scope=operators
    )
    return await staff_service.get_receipt(stores.database, SELLER, admin, *ids)


async def test_the_staff_see_what_the_customer_sees(shop: Stores) -> None:
    ids = await sell(shop)
    assert await issue(shop, ids) == await show(shop, ids) == await show(shop, ids, "VI", "JIO")


async def test_the_first_request_of_the_staff_issues_the_receipt(shop: Stores) -> None:
    ids = await sell(shop)
    receipt = await show(shop, ids)
    assert (await issue(shop, ids)).receipt_number == receipt.receipt_number


async def test_out_of_scope_nothing_is_shown_or_issued(shop: Stores) -> None:
    ids = await sell(shop)
    for wrong, operators in ((ids, ("AIRTEL",)), ((uuid4(), ids[1]), ()), ((ids[0], uuid4()), ())):
        with pytest.raises(RechargeNotFound):
            await show(shop, wrong, *operators)
    assert await shop.database.run(lambda db: crud.get_receipt(db, *ids)) is None


async def test_what_was_not_delivered_has_no_receipt_for_the_staff(shop: Stores) -> None:
    ids = await sell(shop)
    await run_sql(shop, "UPDATE recharges SET status = 'processing' WHERE id = :id", id=ids[1])
    with pytest.raises(ReceiptNotReady):
        await show(shop, ids)
