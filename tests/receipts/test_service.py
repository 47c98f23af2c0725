"""Issuing receipts: one number for each, no gap between them, and nothing that changes afterwards."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.company import Company
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.payments.models import Payment
from gencharge.receipts import crud, tax
from gencharge.receipts.errors import ReceiptNotReady
from gencharge.recharge.errors import RechargeNotFound
from gencharge.recharge.models import RechargeStatus
from tests.make.factories import make_user
from tests.make.money import buy, find_talktime, fund, make_customer, make_number
from tests.make.receipts import SELLER, Ids, issue, numbers_of, sell
from tests.make.recharge import get_recharge, run_sql

LAST_MINUTE = datetime(2031, 3, 31, 23, 59, tzinfo=clock.IST)
NEW_YEAR = datetime(2031, 4, 1, 0, 0, tzinfo=clock.IST)
MOVED = Company(
    company_name="Moved", company_address="Mumbai", company_gstin="27AAPFU0939F1ZV", gst_rate_percent=5
)


async def change(stores: Stores, ids: Ids, **values: Any) -> None:
    """The recharge as another part of the product would leave it."""
    columns = ", ".join(f"{name} = :{name}" for name in values)
    await run_sql(
        stores,
        f"UPDATE recharges SET {columns} WHERE user_id = :user_id AND id = :id",
        user_id=ids[0],
        id=ids[1],
        **values,
    )


async def pay_a_part_by_upi(
    stores: Stores, ids: Ids, *, gateway_payment_id: str | None, order_id: str | None
) -> None:
    """As if Rs 200 of the recharge had come through the gateway."""
    payment_id = uuid4()

    async def unit(db: AsyncSession) -> None:
        db.add(
            Payment(
                user_id=ids[0],
                payment_id=payment_id,
                purpose="recharge",
                reference_id=ids[1],
                amount=200_00,
                method="upi",
                source="web",
                status="captured",
                gateway="razorpay",
                order_id=order_id,
                gateway_payment_id=gateway_payment_id,
                idempotency_key=str(payment_id),
                request_hash=b"",
            )
        )

    await stores.database.run(unit)
    await change(
        stores, ids, wallet_amount=99_00, gateway_amount=200_00, payment_id=payment_id, payment_method="upi"
    )


# What a receipt says


async def test_a_receipt_says_all_that_a_tax_invoice_has_to(shop: Stores) -> None:
    ids = await sell(shop, circle="KA")
    receipt, recharge = await issue(shop, ids), await get_recharge(shop, *ids)
    assert (receipt.taxable_value, receipt.cgst, receipt.sgst, receipt.igst, receipt.gst) == (
        Money.rupees("253.39"),
        Money.rupees("22.81"),
        Money.rupees("22.80"),
        Money(0),
        Money.rupees("45.61"),
    )
    assert (receipt.sac, receipt.gst_percent, receipt.place_of_supply) == ("998413", 18, "29")
    assert (receipt.seller.gstin, receipt.seller.state_code) == (SELLER.company_gstin, "29")
    assert receipt.total_in_words == "Rupees Two Hundred Ninety-Nine Only"
    assert re.fullmatch(r"GC\d{4}[A-HJ-NP-Z]-\d{7}", receipt.receipt_number)
    assert (receipt.recharge_id, receipt.recharged_at) == (recharge.id, recharge.completed_at)
    assert (receipt.plan_name, receipt.operator, receipt.phone_number) == (
        recharge.plan_name,
        "JIO",
        recharge.phone_number,
    )
    assert (receipt.status, receipt.refunded, receipt.payment_reference) == (
        RechargeStatus.ACTIVE,
        Money(0),
        None,
    )
    assert await issue(shop, ids) == receipt


async def test_a_number_of_another_state_pays_the_integrated_tax(shop: Stores) -> None:
    receipt = await issue(shop, await sell(shop, circle="MU"))
    assert (receipt.place_of_supply, receipt.igst) == ("27", Money.rupees("45.61"))
    assert (receipt.cgst, receipt.sgst) == (Money(0), Money(0))


@pytest.mark.parametrize("rupees", [189, 249, 299, 349])
async def test_the_parts_of_every_price_are_what_was_paid(shop: Stores, rupees: int) -> None:
    receipt = await issue(shop, await sell(shop, rupees=rupees))
    parts = receipt.taxable_value + receipt.cgst + receipt.sgst + receipt.igst
    assert parts == receipt.total_paid == Money.rupees(rupees)


async def test_a_delivery_in_the_operators_own_system_has_a_reference_of_ours(shop: Stores) -> None:
    ids = await sell(shop)
    receipt = await issue(shop, ids)
    assert (receipt.channel, receipt.operator_reference) == ("internal", f"INT{ids[1].hex[-12:].upper()}")
    await change(shop, ids, operator_reference="J-123", channel="jio-direct")
    receipt = await issue(shop, ids)
    assert (receipt.channel, receipt.operator_reference) == ("jio-direct", "J-123")


@pytest.mark.parametrize(
    ("gateway_payment_id", "order_id", "reference"),
    [("pay_1", "order_1", "pay_1"), (None, "order_1", "order_1"), (None, None, None)],
)
async def test_a_part_through_the_gateway_is_named_with_its_reference(
    shop: Stores, gateway_payment_id: str | None, order_id: str | None, reference: str | None
) -> None:
    ids = await sell(shop)
    await pay_a_part_by_upi(shop, ids, gateway_payment_id=gateway_payment_id, order_id=order_id)
    receipt = await issue(shop, ids)
    assert receipt.payment_reference == reference
    assert (receipt.paid_from_wallet, receipt.paid_through_gateway) == (Money.rupees(99), Money.rupees(200))
    assert (receipt.total_paid, receipt.payment_method) == (Money.rupees(299), "upi")


async def test_the_customers_name_is_the_present_one(shop: Stores) -> None:
    user = await shop.database.run(lambda db: make_user(db, name="Meera Nair"))
    await fund(shop, user.user_id, 500)
    ids = await sell(shop, user.user_id)
    first = await issue(shop, ids)
    assert first.customer_name == "Meera Nair"
    await run_sql(shop, "UPDATE users SET name = 'Meera Iyer' WHERE user_id = :id", id=user.user_id)
    assert (await issue(shop, ids)) == first.model_copy(update={"customer_name": "Meera Iyer"})


async def test_a_customer_who_is_not_on_record_has_no_name(shop: Stores) -> None:
    assert (await issue(shop, await sell(shop))).customer_name is None


@pytest.mark.parametrize("status", ["expired", "replaced", "cancelled"])
async def test_a_plan_that_is_over_keeps_its_receipt(shop: Stores, status: str) -> None:
    ids = await sell(shop)
    first = await issue(shop, ids)
    await run_sql(
        shop, "UPDATE active_plans SET status = :status WHERE recharge_id = :id", status=status, id=ids[1]
    )
    assert await issue(shop, ids) == first.model_copy(update={"status": RechargeStatus(status)})


async def test_a_refunded_recharge_keeps_its_receipt_and_says_so(shop: Stores) -> None:
    ids = await sell(shop)
    first = await issue(shop, ids)
    await change(shop, ids, refunded_amount=100_00)
    part = await issue(shop, ids)
    await change(shop, ids, refunded_amount=299_00, status="refunded")
    whole = await issue(shop, ids)
    assert (part.refunded, whole.refunded) == (Money.rupees(100), Money.rupees(299))
    assert part.receipt_number == whole.receipt_number == first.receipt_number
    assert whole.total_paid == first.total_paid


# What does not change


async def test_what_is_issued_stays_though_the_company_and_the_rate_change(shop: Stores) -> None:
    ids = await sell(shop)
    first = await issue(shop, ids)
    assert await issue(shop, ids, MOVED) == first
    later = await issue(shop, await sell(shop), MOVED)
    assert (later.seller.name, later.gst_percent, later.place_of_supply) == ("Moved", 5, "27")


async def test_the_place_of_supply_stays_though_the_number_moves_to_another_circle(shop: Stores) -> None:
    ids = await sell(shop, circle="MU")
    first = await issue(shop, ids)
    await run_sql(
        shop,
        "UPDATE connections SET circle = 'KA' WHERE phone_number = :number",
        number=first.phone_number,
    )
    assert (await issue(shop, ids)).place_of_supply == "27"


# What has no receipt


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("payment_pending", "has not been paid"),
        ("processing", "still with the operator"),
        ("unknown", "has not confirmed"),
        ("failed", "was refunded"),
    ],
)
async def test_what_was_not_delivered_has_no_receipt_and_takes_no_number(
    shop: Stores, status: str, reason: str
) -> None:
    ids = await sell(shop)
    await change(shop, ids, status=status, failure_reason="refused" if status == "failed" else None)
    with clock.at(datetime(2044, 5, 1, tzinfo=clock.IST)), pytest.raises(ReceiptNotReady) as refused:
        await issue(shop, ids)
    assert reason in str(refused.value.detail)
    assert refused.value.extra == {
        "recharge_status": status,
        "failure_reason": "refused" if status == "failed" else None,
    }
    assert await numbers_of(shop, tax.series_of(ids[0]), "2044-45") == (0, [])
    assert await shop.database.run(lambda db: crud.get_receipt(db, *ids)) is None


async def test_another_customers_recharge_has_no_receipt_for_me(shop: Stores) -> None:
    ids = await sell(shop)
    for wrong in ((await make_customer(shop), ids[1]), (ids[0], uuid4())):
        with pytest.raises(RechargeNotFound):
            await issue(shop, wrong)
    assert await shop.database.run(lambda db: crud.get_receipt(db, *ids)) is None


# Numbers


async def test_twenty_who_ask_at_once_for_one_receipt_get_one_number(shop: Stores) -> None:
    ids = await sell(shop)
    with clock.at(datetime(2041, 5, 1, tzinfo=clock.IST)):
        receipts = await asyncio.gather(*(issue(shop, ids) for _ in range(20)))
    assert {receipt.receipt_number for receipt in receipts} == {receipts[0].receipt_number}
    assert await numbers_of(shop, tax.series_of(ids[0]), "2041-42") == (1, [receipts[0].receipt_number])


async def test_twenty_receipts_of_one_series_at_once_have_twenty_numbers_without_a_gap(shop: Stores) -> None:
    user_id = await make_customer(shop, 9_000)
    sold = [await sell(shop, user_id) for _ in range(20)]
    with clock.at(datetime(2042, 5, 1, tzinfo=clock.IST)):
        receipts = await asyncio.gather(*(issue(shop, ids) for ids in sold))
    series = tax.series_of(user_id)
    expected = [f"GC4243{series}-{count:07d}" for count in range(1, 21)]
    assert sorted(receipt.receipt_number for receipt in receipts) == expected
    assert await numbers_of(shop, series, "2042-43") == (20, expected)


async def test_customers_of_different_series_do_not_wait_for_each_other(shop: Stores) -> None:
    first = await sell(shop)
    second = await sell(shop)
    while tax.series_of(second[0]) == tax.series_of(first[0]):
        second = await sell(shop)
    with clock.at(datetime(2045, 5, 1, tzinfo=clock.IST)):
        async with shop.database.transaction() as db:
            await crud.take_number(db, series=tax.series_of(first[0]), financial_year="2045-46")
            async with asyncio.timeout(5):
                receipt = await issue(shop, second)
            await db.rollback()
    assert receipt.receipt_number == f"GC4546{tax.series_of(second[0])}-0000001"


async def test_the_financial_year_turns_at_midnight_in_india(shop: Stores) -> None:
    user_id = await make_customer(shop)
    old, new, last = [await sell(shop, user_id) for _ in range(3)]
    series = tax.series_of(user_id)
    with clock.at(LAST_MINUTE):
        assert (await issue(shop, old)).receipt_number == f"GC3031{series}-0000001"
    with clock.at(NEW_YEAR):
        assert (await issue(shop, new)).receipt_number == f"GC3132{series}-0000001"
        assert (await issue(shop, old)).receipt_number == f"GC3031{series}-0000001"
        assert (await issue(shop, last)).receipt_number == f"GC3132{series}-0000002"


async def test_a_series_that_is_full_issues_nothing_and_keeps_its_count(shop: Stores) -> None:
    ids = await sell(shop)
    series = tax.series_of(ids[0])
    await run_sql(
        shop,
        "INSERT INTO receipt_series (series, financial_year, last_number) VALUES (:series, '2046-47', 99999999)",
        series=series,
    )
    try:
        with clock.at(datetime(2046, 5, 1, tzinfo=clock.IST)), pytest.raises(OverflowError):
            await issue(shop, ids)
        assert await numbers_of(shop, series, "2046-47") == (99_999_999, [])
    finally:
        await run_sql(
            shop,
            "UPDATE receipt_series SET last_number = 1 WHERE series = :series AND financial_year = '2046-47'",
            series=series,
        )


async def test_the_receipt_of_an_amount_has_its_tax_and_the_talktime(shop: Stores) -> None:
    user_id, plan = await make_customer(shop), await find_talktime(shop)
    sale = await buy(shop, user_id, await make_number(shop), plan.plan_id, amount=100)
    receipt = await issue(shop, (user_id, sale.answer.recharge_id))
    assert (receipt.price, receipt.total_paid, receipt.talktime) == (
        Money.rupees(100),
        Money.rupees(100),
        Money.rupees("81.75"),
    )
    assert (receipt.taxable_value, receipt.gst) == (Money.rupees("84.75"), Money.rupees("15.25"))
    # The tariff of the day of the sale counts, whatever it is later.
    statement = "UPDATE plans SET fee_cap_paise = :paise WHERE plan_id = :plan_id"
    await run_sql(shop, statement, paise=1, plan_id=plan.plan_id)
    try:
        assert (await issue(shop, (user_id, sale.answer.recharge_id))).talktime == Money.rupees("81.75")
    finally:
        await run_sql(shop, statement, paise=3_00, plan_id=plan.plan_id)
