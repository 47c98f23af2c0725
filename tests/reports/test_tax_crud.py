"""The GST return: the sums are those of the recharges, each taxed as its receipt says."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.receipts import service as receipts
from gencharge.receipts import tax
from gencharge.recharge import staff_service
from gencharge.recharge.models import Recharge, RechargeRefund
from gencharge.recharge.staff_schemas import RefundRecharge
from tests.make.bills import pay_directly
from tests.make.delivery import reach_jio
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.outside import reach_over_api
from tests.make.reports import an_admin, rows_of

SUMS = ("value", "taxable_value", "igst", "cgst", "sgst")


def month() -> str:
    return f"{clock.now().astimezone(clock.IST):%Y-%m}"


async def sell(stores: Stores, circle: str, rupees: int = 299) -> tuple[UUID, UUID]:
    plan = await find_plan(stores, "JIO", rupees)
    user_id = await make_customer(stores)
    bought = await buy(stores, user_id, await make_number(stores, "JIO", circle=circle), plan.plan_id)
    return user_id, bought.answer.recharge_id


async def refund(stores: Stores, user_id: UUID, recharge_id: UUID, rupees: int) -> None:
    command = RefundRecharge.model_validate({"amount": rupees, "reason": "wrong number"})
    await stores.database.run(
        lambda db: staff_service.refund(
            db, an_admin(), user_id, recharge_id, command, key=f"refund-{recharge_id}", alone_limit=100_000
        )
    )


def paise(amount: str) -> int:
    rupees, _, rest = amount.partition(".")
    return int(f"{rupees}{rest}")


async def test_supplies_are_taxed_one_by_one_and_refunds_are_taken_off(shop: Stores) -> None:
    seller = shop.settings
    home = await sell(shop, "KA")
    away = await sell(shop, "MH")
    back = await sell(shop, "MH")
    await refund(shop, *back, 100)
    await receipts.get_receipt(shop.database, seller, *home)
    # By hand: every recharge and every refund by itself, as a receipt does.
    expected: dict[str, dict[str, int]] = {}
    async with shop.database.transaction() as db:
        sold = list(await db.scalars(select(Recharge)))
        refunds = list(await db.scalars(select(RechargeRefund)))
    circles = {row.id: row.circle for row in sold}
    moves = [(row.circle, row.wallet_amount + row.gateway_amount, 1) for row in sold]
    moves += [(circles[row.recharge_id], row.amount, -1) for row in refunds]
    for circle, amount, sign in moves:
        place = tax.place_of_supply(circle, seller.company_state)
        parts = tax.split(
            Money(amount), percent=seller.gst_rate_percent, within_state=place == seller.company_state
        )
        sums = expected.setdefault(place, dict.fromkeys(SUMS, 0))
        for name, part in zip(
            SUMS, (Money(amount), parts.taxable, parts.igst, parts.cgst, parts.sgst), strict=True
        ):
            sums[name] += sign * part.paise
    rows = await rows_of(shop, "gst-supplies", month=month())
    assert {row["place_of_supply"]: {name: paise(row[name]) for name in SUMS} for row in rows} == expected
    by_state = {row["state"]: row for row in rows}
    assert by_state["Maharashtra"]["refunds"] == "1"
    assert by_state["Maharashtra"]["cgst"] == "0.00"
    assert by_state["Karnataka"]["igst"] == "0.00"
    assert away[1] != back[1]
    (service_row,) = await rows_of(shop, "gst-services", month=month())
    assert (service_row["sac"], service_row["quantity"], service_row["rate"]) == (
        "998413",
        str(len(sold)),
        "18",
    )
    for name in SUMS:
        assert paise(service_row[name]) == sum(sums[name] for sums in expected.values())
        if name == "value":
            parts = sum(paise(service_row[part]) for part in SUMS if part != "value")
            assert paise(service_row[name]) == parts


async def test_the_payment_of_a_bill_and_its_refund_are_in_no_return(shop: Stores) -> None:
    """The operator's own bill has the tax."""
    await sell(shop, "KA")
    reports = ("gst-supplies", "gst-services")
    before = [await rows_of(shop, name, month=month()) for name in reports]
    await reach_jio(shop)
    user_id = await make_customer(shop)
    recharge_id = await pay_directly(shop, user_id, 500_00, circle="KA")
    assert [await rows_of(shop, name, month=month()) for name in reports] == before
    await refund(shop, user_id, recharge_id, 200)
    assert [await rows_of(shop, name, month=month()) for name in reports] == before
    await reach_over_api(shop, "JIO")


async def test_another_month_has_nothing(shop: Stores) -> None:
    await sell(shop, "KA")
    assert await rows_of(shop, "gst-supplies", month="2021-01") == []


async def test_documents_are_the_numbers_that_were_given(shop: Stores) -> None:
    for _ in range(3):
        user_id, recharge_id = await sell(shop, "KA")
        await receipts.get_receipt(shop.database, shop.settings, user_id, recharge_id)
    rows = await rows_of(shop, "gst-documents", month=month())
    assert rows
    for row in rows:
        first, last = int(row["first_number"][-7:]), int(row["last_number"][-7:])
        assert int(row["total"]) == last - first + 1 == int(row["net_issued"])
        assert row["cancelled"] == "0"
