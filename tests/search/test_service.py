"""Each reference leads to what it belongs to, and to nothing else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Final

import pytest

from gencharge import wiring
from gencharge.channels.service import Verdict
from gencharge.core.company import Company
from gencharge.core.postgres.database import Base
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.receipts import service as receipts
from gencharge.search import service
from gencharge.search.staff_schemas import HitKind, Matched, SearchHit
from gencharge.sessions.tokens import Principal
from tests.make.delivery import FIRST, purchase, reach_jio
from tests.make.outside import reach_over_api
from tests.make.payments import add_payment
from tests.make.receipts import sell
from tests.make.recharge import get_recharge, run_sql
from tests.make.search import about, add_payout, add_refund, sell_to_somebody


def an_admin(*operators: str) -> Principal:
    return Principal(
        user_id=new_id(), kind="admin", session_id=new_id(), role="Manager", operator_scope=operators
    )


async def find(
    stores: Stores, text: object, *operators: str, payments: bool = True, customers: bool = True
) -> list[SearchHit]:
    result = await stores.database.run(
        lambda db: service.search(
            db, an_admin(*operators), str(text), with_payments=payments, with_customers=customers
        )
    )
    return result.hits


@pytest.fixture
async def jio(shop: Stores) -> AsyncIterator[Stores]:
    await reach_jio(shop)
    yield shop
    await reach_over_api(shop, "JIO")


async def test_a_recharge_is_found_by_its_id_alone(shop: Stores) -> None:
    (user_id, recharge_id), own_number = await sell_to_somebody(shop)
    [hit] = await find(shop, recharge_id)
    assert (hit.kind, hit.matched, hit.user_id) == (HitKind.RECHARGE, Matched.RECHARGE_ID, user_id)
    assert hit.user is not None
    assert hit.user.phone_number == own_number
    assert hit.path == f"/v1/recharge/admin/{user_id}/{recharge_id}/story"
    assert await find(shop, new_id()) == []


async def test_a_recharge_of_another_operator_is_not_found(shop: Stores) -> None:
    user_id, recharge_id = await sell(shop)
    number = (await get_recharge(shop, user_id, recharge_id)).phone_number
    for text in (recharge_id, number):
        assert await find(shop, text, "JIO")
        assert await find(shop, text, "AIRTEL") == []


async def test_a_number_leads_to_its_recharges_and_the_customers_own_one_to_the_customer(
    shop: Stores,
) -> None:
    (user_id, first), own_number = await sell_to_somebody(shop)
    number = (await get_recharge(shop, user_id, first)).phone_number
    hits = await find(shop, number)
    assert [(hit.kind, hit.recharge_id) for hit in hits] == [(HitKind.RECHARGE, first)]
    [customer] = await find(shop, own_number)
    assert (customer.kind, customer.user_id) == (HitKind.CUSTOMER, user_id)
    assert customer.matched is Matched.PHONE_NUMBER
    assert await find(shop, own_number, customers=False) == []


async def test_our_reference_at_the_operator_leads_to_the_recharge(jio: Stores) -> None:
    bought = await purchase(jio)
    reference = await bought.submit(FIRST)
    [hit] = await find(jio, reference)
    assert (hit.recharge_id, hit.matched) == (bought.id, Matched.SUBMISSION)
    assert await find(jio, reference, "AIRTEL") == []
    assert await find(jio, reference.upper()) == [hit]
    assert await find(jio, reference[:-1]) == []


async def test_a_payment_is_found_by_its_id_and_by_its_order_by_those_who_may(shop: Stores) -> None:
    row = await add_payment(shop)
    order = f"order_{row.payment_id.hex[-12:]}"
    await run_sql(
        shop,
        "INSERT INTO payment_orders (order_id, gateway, user_id, payment_id)"
        " VALUES (:order, 'razorpay', :user_id, :payment_id)",
        order=order,
        user_id=row.user_id,
        payment_id=row.payment_id,
    )
    for text, matched in ((row.payment_id, Matched.PAYMENT_ID), (order, Matched.ORDER_ID)):
        [hit] = await find(shop, text)
        assert (hit.kind, hit.payment_id, hit.matched) == (HitKind.PAYMENT, row.payment_id, matched)
        assert await find(shop, text, payments=False) == []


async def test_a_customer_is_found_by_the_id(shop: Stores) -> None:
    (user_id, _), _ = await sell_to_somebody(shop)
    [hit] = await find(shop, user_id)
    assert (hit.kind, hit.matched, hit.path) == (HitKind.CUSTOMER, Matched.USER_ID, f"/v1/users/{user_id}")


async def test_what_customers_call_their_recharges_and_payments_leads_to_all_of_them(shop: Stores) -> None:
    (user_id, recharge_id), own_number = await sell_to_somebody(shop)
    row = await add_payment(shop)
    # One that looks like an id, and one that looks like a number.
    for reference in (f"order-{new_id()}", str(new_id()), own_number):
        for statement in (
            "UPDATE recharges SET caller_reference = :reference WHERE user_id = :user_id AND id = :id",
            "UPDATE payments SET caller_reference = :reference WHERE user_id = :payer AND payment_id = :paid",
        ):
            await run_sql(
                shop,
                statement,
                **{"reference": reference, "user_id": user_id, "id": recharge_id}
                | {"payer": row.user_id, "paid": row.payment_id},
            )
        hits = [hit for hit in await find(shop, reference) if hit.matched is Matched.REFERENCE]
        assert [hit.recharge_id or hit.payment_id for hit in hits] == [recharge_id, row.payment_id]
        assert [hit.kind for hit in await find(shop, reference, payments=False, customers=False)] == [
            HitKind.RECHARGE
        ]
        assert await find(shop, reference, "AIRTEL", payments=False, customers=False) == []


async def test_what_an_operator_calls_a_recharge_leads_to_it(jio: Stores) -> None:
    bought, text = await purchase(jio), f"JIO-{new_id().hex[:12]}"
    await bought.answer(await bought.submit(FIRST), Verdict.DELIVERED, operator_reference=text)
    [hit] = await find(jio, text)
    assert (hit.recharge_id, hit.matched) == (bought.id, Matched.OPERATOR_REFERENCE)
    assert await find(jio, text, "AIRTEL") == []


async def test_the_number_of_a_receipt_leads_to_its_recharge(shop: Stores) -> None:
    user_id, recharge_id = await sell(shop)
    receipt = await receipts.get_receipt(shop.database, Company(), user_id, recharge_id)
    [hit] = await find(shop, receipt.receipt_number)
    assert (hit.recharge_id, hit.matched) == (recharge_id, Matched.RECEIPT_NUMBER)
    assert await find(shop, receipt.receipt_number, "AIRTEL") == []


async def test_the_gateways_payment_and_the_banks_reference_lead_to_the_payment(shop: Stores) -> None:
    row = await add_payment(shop)
    # Twelve digits that look like a phone number, as the RRN of a UPI payment may.
    paid, bank = f"pay_{row.payment_id.hex[-14:]}", f"9198{row.payment_id.int % 10**8:08d}"
    await run_sql(
        shop,
        "UPDATE payments SET gateway_payment_id = :paid, bank_reference = :bank"
        " WHERE user_id = :user_id AND payment_id = :payment_id",
        paid=paid,
        bank=bank,
        user_id=row.user_id,
        payment_id=row.payment_id,
    )
    for text in (paid, bank):
        [hit] = await find(shop, text, customers=False)
        assert (hit.payment_id, hit.matched) == (row.payment_id, Matched.GATEWAY_REFERENCE)
        assert await find(shop, text, payments=False, customers=False) == []


async def test_what_a_payout_is_called_leads_to_it(shop: Stores) -> None:
    (user_id, _), _ = await sell_to_somebody(shop)
    row = await add_payout(shop, user_id)
    for text, matched in (
        (row["payout_id"], Matched.PAYOUT_ID),
        (row["gateway_payout_id"], Matched.GATEWAY_REFERENCE),
        (row["ended"], Matched.GATEWAY_REFERENCE),
        (row["utr"], Matched.GATEWAY_REFERENCE),
    ):
        [hit] = await find(shop, text)
        assert (hit.kind, hit.payout_id, hit.matched) == (HitKind.PAYOUT, row["payout_id"], matched)
        assert hit.path == f"/v1/payouts/admin?user_id={user_id}"
        assert await find(shop, text, payments=False) == []


async def test_a_refund_leads_to_the_payment_that_it_gives_back(shop: Stores) -> None:
    row = await add_payment(shop)
    refund_id, outside = await add_refund(shop, row)
    for text, matched in ((refund_id, Matched.REFUND_ID), (outside, Matched.GATEWAY_REFERENCE)):
        [hit] = await find(shop, text)
        assert (hit.kind, hit.payment_id, hit.matched) == (HitKind.PAYMENT, row.payment_id, matched)
        assert await find(shop, text, payments=False) == []


async def test_a_refund_a_complaint_and_a_bill_lead_to_the_recharge(shop: Stores) -> None:
    (user_id, recharge_id), _ = await sell_to_somebody(shop)
    for text, matched in await about(shop, user_id, recharge_id):
        [hit] = await find(shop, text)
        assert (hit.kind, hit.recharge_id, hit.matched) == (HitKind.RECHARGE, recharge_id, matched)
        assert await find(shop, text, "AIRTEL") == []


# What tables call a thing by, and as what the search finds it. `recharges.id` and `users.user_id` have no such name.
REFERENCES: Final = {
    "recharge_id": Matched.RECHARGE_ID,
    "payment_id": Matched.PAYMENT_ID,
    "refund_id": Matched.REFUND_ID,
    "payout_id": Matched.PAYOUT_ID,
    "complaint_id": Matched.COMPLAINT_ID,
    "bill_reference": Matched.BILL_REFERENCE,
    "caller_reference": Matched.REFERENCE,
    "operator_reference": Matched.OPERATOR_REFERENCE,
    "reference": Matched.SUBMISSION,
    "order_id": Matched.ORDER_ID,
    "gateway_payment_id": Matched.GATEWAY_REFERENCE,
    "gateway_refund_id": Matched.GATEWAY_REFERENCE,
    "gateway_payout_id": Matched.GATEWAY_REFERENCE,
    "ended_payout_ids": Matched.GATEWAY_REFERENCE,
    "bank_reference": Matched.GATEWAY_REFERENCE,
    "utr": Matched.GATEWAY_REFERENCE,
    "number": Matched.RECEIPT_NUMBER,
}
# Not searched: an admin's own note on an adjustment; and two that are no reference of a thing.
NOT_SEARCHED: Final = {"adjustments.reference", "data_keys.number", "receipt_series.last_number"}
_NAMES: Final = re.compile(
    r"(^|_)(reference|utr|order_id|number)$|^(gateway|ended)_\w+_ids?$|^(recharge|payment|refund|payout|complaint)_id$"
)


def test_each_reference_that_a_table_holds_is_searched_or_has_a_reason() -> None:
    assert wiring.ROOMS, "all tables are known"
    columns = {
        (f"{table.name}.{column.name}", column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if _NAMES.search(column.name) and column.name != "phone_number"
    }
    left = {place for place, name in columns if name not in REFERENCES} | {
        place for place, _ in columns if place in NOT_SEARCHED
    }
    assert left == NOT_SEARCHED
    assert {name for place, name in columns if place not in NOT_SEARCHED} == REFERENCES.keys()
