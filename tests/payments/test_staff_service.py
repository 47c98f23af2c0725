"""What the staff read of customers' payments, and their refunds: filters, pages, webhooks, what is left."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from gencharge.approvals.errors import ApprovalAlreadyPending
from gencharge.approvals.service import ApprovalOut
from gencharge.core.errors import IdempotencyKeyReused
from gencharge.core.http.idempotency import Answered
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.payments import queue_crud, staff_service
from gencharge.payments.errors import PaymentNotFound, RefundTooLarge
from gencharge.payments.models import PaymentPurpose
from gencharge.payments.schemas import RefundOut
from gencharge.payments.staff_schemas import RefundCreate, StaffPaymentDetail, StaffPaymentQuery
from gencharge.payments.topups_service import limits_json
from gencharge.payments.webhook_message import WebhookMessage
from tests.make.approvals import decide
from tests.make.payments import PaymentRow, add_captured, add_payment, fund, make_payer


async def listed(stores: Stores, **filters: object) -> list[UUID]:
    """The ids of the payments in a list of the staff."""
    async with stores.database.transaction() as db:
        page = await staff_service.list_all(db, StaffPaymentQuery.model_validate(filters))
        assert page.next_cursor is None
        return [item.payment_id for item in page.items]


async def detail(payment: PaymentRow) -> StaffPaymentDetail:
    async with payment.stores.database.transaction() as db:
        return await staff_service.get(db, payment.user_id, payment.payment_id)


async def refund(
    payment: PaymentRow,
    admin_id: UUID,
    rupees: int | None,
    *,
    key: str = "k",
    reason: str = "asked for",
    alone_limit: int = 10**6,
) -> Answered[Any]:
    command = RefundCreate.model_validate({"amount": rupees, "reason": reason})
    return await payment.stores.database.run(
        lambda db: staff_service.refund(
            db,
            admin_id,
            payment.user_id,
            payment.payment_id,
            command,
            key=key,
            alone_limit=alone_limit,
        )
    )


async def approve(payment: PaymentRow, request: ApprovalOut) -> None:
    """Another admin approves."""
    await payment.stores.database.run(lambda db: decide(db, request, by=new_id()))


async def test_every_filter_of_the_list_finds_its_payments(stores: Stores) -> None:
    user_id, recharge_id = await make_payer(stores), uuid4()
    first = await add_payment(stores, 100, user_id=user_id)
    second = await add_captured(stores, 200, user_id=user_id)
    third = await add_payment(
        stores, 300, user_id=user_id, purpose=PaymentPurpose.RECHARGE, reference_id=recharge_id
    )
    one, two, three = (payment.payment_id for payment in (first, second, third))
    expected: list[tuple[dict[str, object], list[UUID]]] = [
        ({}, [three, two, one]),
        ({"sort": "created_at"}, [one, two, three]),
        ({"status": "captured"}, [two]),
        ({"status": "refunded"}, []),
        ({"purpose": "recharge"}, [three]),
        ({"recharge_id": recharge_id}, [three]),
        ({"payment_method": "upi"}, [three, two, one]),
        ({"payment_method": "card"}, []),
        ({"min_amount": 2, "max_amount": 2}, [two]),
        ({"from": "2000-01-01"}, [three, two, one]),
        ({"to": "2000-01-01"}, []),
    ]
    for filters, payment_ids in expected:
        assert await listed(stores, user_id=user_id, **filters) == payment_ids, filters


async def test_the_list_of_all_customers_pages_without_a_gap_and_names_each_customer(stores: Stores) -> None:
    payments = [await add_payment(stores) for _ in range(5)]
    seen: list[UUID] = []
    cursor: str | None = None
    async with stores.database.transaction() as db:
        for _ in range(100):
            query = StaffPaymentQuery(limit=2, cursor=cursor)
            page = await staff_service.list_all(db, query)
            assert all(item.user is not None and item.user.user_id == item.user_id for item in page.items)
            seen += [item.payment_id for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
    newest_first = [payment.payment_id for payment in reversed(payments)]
    assert seen[:5] == newest_first
    assert len(seen) == len(set(seen))


async def test_a_payment_is_shown_with_its_refunds_and_what_is_left(stores: Stores) -> None:
    payment = await add_captured(stores)
    assert (await detail(payment)).refundable == Money(50_000)
    await payment.begin_refund(20_000)
    await payment.begin_refund(10_000)
    await payment.end_refund((await payment.refunds())[0].refund_id, paid=False)
    shown = await detail(payment)
    assert shown.refundable == Money(40_000)
    assert [(each.amount, each.status) for each in shown.refunds] == [
        (Money(20_000), "failed"),
        (Money(10_000), "created"),
    ]
    assert (shown.refunded_amount, shown.next_check_at) == (Money(0), None)


async def test_a_refund_of_a_second_capture_leaves_the_payment_refundable_in_full(stores: Stores) -> None:
    payment = await add_captured(stores)
    await payment.capture(700, gateway_payment_id="pay_2")
    shown = await detail(payment)
    assert (shown.refundable, len(shown.refunds)) == (Money(50_000), 1)


async def test_nothing_of_an_open_payment_is_refundable(stores: Stores) -> None:
    payment = await add_payment(stores, ordered=False)
    shown = await detail(payment)
    assert (shown.refundable, shown.order_id, shown.events) == (Money(0), None, [])
    with pytest.raises(PaymentNotFound):
        await detail(PaymentRow(stores, uuid4(), payment.payment_id, ""))


async def test_a_payment_is_shown_with_the_webhooks_about_its_order_in_order(stores: Stores) -> None:
    payment, other = await add_payment(stores), await add_payment(stores)
    for row, kind in ((payment, "payment.failed"), (other, "payment.failed"), (payment, "payment.created")):
        await queue_crud.take_event(
            stores.database,
            event_id=f"evt_{kind}_{row.payment_id.hex}",
            gateway="razorpay",
            message=WebhookMessage(kind, row.order_id, {}),
            limits=limits_json(stores.settings),
        )
    shown = await detail(payment)
    assert [(event.kind, event.outcome) for event in shown.events] == [
        ("payment.failed", "failed"),
        ("payment.created", "ignored"),
    ]


async def test_a_refunds_key_belongs_to_one_admin_and_its_hash_covers_the_body(stores: Stores) -> None:
    payment, admin_id, colleague = await add_captured(stores), uuid4(), uuid4()
    first = await refund(payment, admin_id, 100)
    again = await refund(payment, admin_id, 100)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.answer == first.answer
    for rupees, reason in ((101, "asked for"), (None, "asked for"), (100, "another reason")):
        with pytest.raises(IdempotencyKeyReused):
            await refund(payment, admin_id, rupees, reason=reason)
    assert not (await refund(payment, colleague, 100)).replayed
    assert {row.requested_by for row in await payment.refunds()} == {str(admin_id), str(colleague)}


async def test_one_key_can_not_refund_two_payments(stores: Stores) -> None:
    payment, admin_id = await add_captured(stores), uuid4()
    other = await add_captured(stores, user_id=payment.user_id)
    await refund(payment, admin_id, 1)
    with pytest.raises(IdempotencyKeyReused):
        await refund(other, admin_id, 1)
    with pytest.raises(RefundTooLarge):
        await refund(other, admin_id, 0, key="zero")


async def test_refunds_above_a_sum_take_a_second_admin_in_parts_too(stores: Stores) -> None:
    payment, admin_id = await add_captured(stores, 90_000), new_id()
    await fund(stores, payment.user_id, 90_000)
    assert isinstance((await refund(payment, admin_id, 300, key="a", alone_limit=500)).answer, RefundOut)
    asked = (await refund(payment, admin_id, 201, key="b", alone_limit=500)).answer
    assert isinstance(asked, ApprovalOut)
    assert (await detail(payment)).refundable == Money.rupees(600)
    assert "Rs 201.00" in asked.summary
    again = await refund(payment, admin_id, 201, key="b", alone_limit=500)
    assert (again.answer, again.replayed) == (asked, True)
    with pytest.raises(ApprovalAlreadyPending):
        await refund(payment, admin_id, 202, key="c", alone_limit=500)
    await approve(payment, asked)
    assert (await detail(payment)).refundable == Money.rupees(399)
    replayed = await refund(payment, admin_id, 201, key="b", alone_limit=500)
    assert (isinstance(replayed.answer, RefundOut), replayed.replayed) == (True, True)
    assert {each.requested_by for each in (await detail(payment)).refunds} == {str(admin_id)}


async def test_an_approved_refund_still_sends_back_no_more_than_is_left(stores: Stores) -> None:
    payment, admin_id = await add_captured(stores, 90_000), new_id()
    await fund(stores, payment.user_id, 90_000)
    asked = (await refund(payment, admin_id, 800, key="a", alone_limit=500)).answer
    await refund(payment, admin_id, 200, key="b", alone_limit=500)
    with pytest.raises(RefundTooLarge):
        await approve(payment, asked)
    assert (await detail(payment)).refundable == Money.rupees(700)


async def test_twenty_refunds_just_below_the_sum_at_once_stay_below_it_together(stores: Stores) -> None:
    payment = await add_captured(stores, 90_000)
    await fund(stores, payment.user_id, 90_000)
    answers = await asyncio.gather(
        *(refund(payment, new_id(), 100, key=f"k{number}", alone_limit=500) for number in range(20)),
        return_exceptions=True,
    )
    done = [
        each for each in answers if not isinstance(each, BaseException) and isinstance(each.answer, RefundOut)
    ]
    assert len(done) == 5
    assert (await detail(payment)).refundable == Money.rupees(400)
