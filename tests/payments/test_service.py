"""What other rooms do with payments: cancel, find what was captured, refund to the source, fetch statements."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import IdempotencyKeyReused
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.payments import service as payments
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import GatewayUnavailable, PaymentNotCaptured, PaymentNotFound, RefundTooLarge
from gencharge.payments.models import PaymentPurpose, Refund
from gencharge.payments.schemas import PaymentQuery
from gencharge.wallet.errors import InsufficientBalance
from tests.make.outside import NOBODY, Outside
from tests.make.payments import (
    PaymentRow,
    add_captured,
    add_payment,
    assert_books,
    context_at,
    make_payer,
    pay,
    spend,
    topped_up,
)


async def refund(
    payment: PaymentRow, paise: int | None, *, key: str = "k", request_hash: bytes = b"h"
) -> Refund:
    async def unit(db: AsyncSession) -> Refund:
        begun = await payments.refund_to_source(
            db,
            payment.user_id,
            payment.payment_id,
            amount=None if paise is None else Money(paise),
            key=key,
            request_hash=request_hash,
            reason="asked for",
            requested_by="tests",
        )
        return begun.answer

    return await payment.stores.database.run(unit)


async def test_a_refund_of_all_takes_what_is_left_to_the_paisa(stores: Stores) -> None:
    payment = await add_captured(stores)
    assert (await refund(payment, 12_345, key="part")).amount == 12_345
    assert (await refund(payment, None, key="rest")).amount == 37_655
    with pytest.raises(RefundTooLarge) as refused:
        await refund(payment, None, key="more")
    assert refused.value.extra == {"refundable": Money(0)}
    await assert_books(stores)


async def test_a_replay_of_a_refund_of_all_is_one_though_nothing_is_left(stores: Stores) -> None:
    payment = await add_captured(stores)
    first = await refund(payment, None)
    assert (await refund(payment, None)).refund_id == first.refund_id
    with pytest.raises(IdempotencyKeyReused):
        await refund(payment, None, request_hash=b"other")


async def test_each_refusal_of_a_refund_has_its_error(stores: Stores) -> None:
    open_payment, captured = await add_payment(stores), await add_captured(stores)
    with pytest.raises(PaymentNotCaptured):
        await refund(open_payment, 1)
    with pytest.raises(PaymentNotFound):
        await refund(PaymentRow(stores, await make_payer(stores), captured.payment_id, ""), 1)
    with pytest.raises(RefundTooLarge) as refused:
        await refund(captured, 50_001)
    assert "At most Rs 500.00" in refused.value.detail
    assert [(each["field"], each["code"]) for each in refused.value.errors or ()] == [
        ("body.amount", "refund_too_large")
    ]
    await spend(stores, captured.user_id, 1)
    with pytest.raises(InsufficientBalance):
        await refund(captured, None)
    assert await captured.refunds() == []


async def test_a_racing_refund_is_refused_with_what_is_left_behind_the_lock(stores: Stores) -> None:
    payment = await add_captured(stores)
    results = await asyncio.gather(
        *(refund(payment, 20_000, key=f"k-{n}") for n in range(6)), return_exceptions=True
    )
    kinds = Counter(type(result) for result in results)
    assert kinds == {Refund: 2, RefundTooLarge: 4}
    left = {result.extra["refundable"] for result in results if isinstance(result, RefundTooLarge)}
    assert left == {Money(10_000)}


async def test_giving_up_fails_an_open_payment_once_and_no_captured_one(stores: Stores) -> None:
    payment, captured = await add_payment(stores), await add_captured(stores)

    async def cancel(row: PaymentRow) -> bool:
        return await stores.database.run(
            lambda db: payments.cancel(db, row.user_id, row.payment_id, "recharge refused")
        )

    assert [await cancel(payment), await cancel(payment), await cancel(captured)] == [True, False, False]
    assert (await payment.row()).failure_reason == "recharge refused"


async def test_a_captured_payment_is_found_even_after_its_refund_and_no_other(stores: Stores) -> None:
    payment, captured = await add_payment(stores), await add_captured(stores)

    async def find(user_id: UUID, payment_id: UUID) -> bool:
        async with stores.database.transaction() as db:
            return await payments.find_captured(db, user_id, payment_id) is not None

    assert not await find(payment.user_id, payment.payment_id)
    assert await find(captured.user_id, captured.payment_id)
    assert not await find(payment.user_id, captured.payment_id)
    for paise, status in ((20_000, "partially_refunded"), (30_000, "refunded")):
        await captured.begin_refund(paise)
        await captured.end_refund((await captured.refunds())[-1].refund_id)
        assert (await captured.row()).status == status
        assert await find(captured.user_id, captured.payment_id)


async def test_the_statement_of_a_day_is_the_gateways(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await topped_up(context, outside, user_id)
    today = clock.now().astimezone(clock.IST).date()
    rows = await payments.fetch_statement(context, today)
    assert [(row.kind, row.amount, row.order_receipt) for row in rows] == [
        ("payment", 50_000, str(opened.payment_id))
    ]
    assert await payments.fetch_statement(context, today - timedelta(days=1)) == []


async def test_without_a_gateway_there_is_no_statement(stores: Stores) -> None:
    nowhere = context_at(stores, NOBODY)
    with pytest.raises(GatewayUnavailable, match="statement is not available"):
        await payments.fetch_statement(nowhere, clock.now().date())
    await nowhere.gateway.close()


@pytest.mark.parametrize(
    ("state", "payable"),
    [("created", True), ("failed", True), ("authorized", False), ("captured", False)],
)
async def test_a_payment_shows_where_to_pay_while_it_can_be_paid(
    context: PaymentContext, stores: Stores, state: str, payable: bool
) -> None:
    payment = await add_payment(stores)
    if state != "created":
        await {"failed": payment.fail, "authorized": payment.authorize, "captured": payment.capture}[state]()
    async with stores.database.transaction() as db:
        shown = await payments.get_own(db, context, payment.user_id, payment.payment_id)
        with pytest.raises(PaymentNotFound):
            await payments.get_own(db, context, await make_payer(stores), payment.payment_id)
    assert (shown.status, shown.order_id) == (state, payment.order_id)
    assert (shown.checkout_url is not None) is payable


async def test_a_payment_without_an_order_can_not_be_paid(context: PaymentContext, stores: Stores) -> None:
    payment = await add_payment(stores, ordered=False)
    async with stores.database.transaction() as db:
        shown = await payments.get_own(db, context, payment.user_id, payment.payment_id)
    assert (shown.order_id, shown.checkout_url, shown.refunds) == (None, None, [])


async def test_a_customers_list_has_their_payments_only_in_pages_without_a_gap(stores: Stores) -> None:
    user_id = await make_payer(stores)
    own = [await add_payment(stores, 100 + n, user_id=user_id) for n in range(5)]
    await add_payment(stores)
    seen: list[UUID] = []
    cursor: str | None = None
    async with stores.database.transaction() as db:
        while True:
            query = PaymentQuery(limit=2, cursor=cursor, sort="created_at", include_total=True)
            page = await payments.list_own(db, user_id, query)
            seen += [item.payment_id for item in page.items]
            assert page.total == 5
            cursor = page.next_cursor
            if cursor is None:
                break
        newest = await payments.list_own(db, user_id, PaymentQuery())
        ranged = await payments.list_own(
            db, user_id, PaymentQuery(min_amount=Money(102), max_amount=Money(103))
        )
    assert seen == [payment.payment_id for payment in own]
    assert [item.payment_id for item in newest.items] == seen[::-1]
    assert [item.amount for item in ranged.items] == [Money(103), Money(102)]


async def test_asking_the_gateway_about_a_paid_order_twice_at_once_captures_it_once(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    payer = await make_payer(stores)
    opened = await payments.open_payment(
        context,
        payer,
        payment_id=uuid4(),
        purpose=PaymentPurpose.TOPUP,
        reference_id=None,
        amount=Money(100),
        method="upi",
        source="web",
        key="k",
        request_hash=b"h",
    )
    pay(outside, opened.answer.order_id)
    states = await asyncio.gather(
        *(payments.ask_gateway(context, payer, opened.answer.payment_id) for _ in range(8))
    )
    assert set(states) == {"captured"}
    await assert_books(stores)
