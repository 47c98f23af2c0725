"""The SQL functions `take_gateway_event`, `apply_gateway_event` and `retry_gateway_event`, called directly."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.payments import queue_crud
from gencharge.payments.models import GatewayEvent, PaymentOrder, RefundStatus
from gencharge.payments.outcomes import EventOutcome, RefundStart
from gencharge.payments.topups_service import limits_json
from gencharge.payments.webhook_message import Part, WebhookMessage
from tests.make.payments import PaymentRow, add_captured, add_payment, assert_books, events_of, paise_of
from tests.make.wallet import credit


def new_event() -> str:
    return f"evt_{secrets.token_hex(8)}"


def about(
    payment: PaymentRow,
    kind: str,
    *,
    payment_part: Part | None = None,
    refund: Part | None = None,
    order_id: str | None = None,
) -> WebhookMessage:
    """A webhook about a payment; the parts change what it says."""
    part: Part = {
        "id": f"pay_{payment.payment_id.hex[-12:]}",
        "order_id": payment.order_id,
        "amount": 50_000,
        "currency": "INR",
    }
    body = {"payment": part | (payment_part or {})}
    if refund is not None:
        body["refund"] = refund
    return WebhookMessage(kind, order_id or payment.order_id, body)


async def take(stores: Stores, message: WebhookMessage, event_id: str | None = None) -> EventOutcome:
    return await queue_crud.take_event(
        stores.database,
        event_id=event_id or new_event(),
        gateway="razorpay",
        message=message,
        limits=limits_json(stores.settings),
    )


async def retry(stores: Stores, event_id: str) -> EventOutcome:
    limits = limits_json(stores.settings)
    return await stores.database.run(lambda db: queue_crud.retry_event(db, event_id=event_id, limits=limits))


async def event_row(stores: Stores, event_id: str) -> GatewayEvent:
    async with stores.database.transaction() as db:
        return await db.get_one(GatewayEvent, event_id)


@pytest.mark.parametrize(
    ("kind", "outcome", "status"),
    [
        ("payment.captured", "captured", "captured"),
        ("order.paid", "captured", "captured"),
        ("payment.authorized", "authorized", "authorized"),
        ("payment.failed", "failed", "failed"),
        ("payment.created", "ignored", "created"),
        ("refund.created", "ignored", "created"),
        ("", "ignored", "created"),
        ("PAYMENT.CAPTURED", "ignored", "created"),
    ],
)
async def test_each_kind_of_event_moves_the_payment_as_it_says(
    stores: Stores, kind: str, outcome: str, status: str
) -> None:
    payment, event_id = await add_payment(stores), new_event()
    assert await take(stores, about(payment, kind), event_id) == outcome
    assert (await payment.row()).status == status
    row = await event_row(stores, event_id)
    assert (row.outcome, row.next_attempt_at, row.attempts) == (outcome, None, 0)
    assert (row.kind, row.gateway, row.order_id) == (kind, "razorpay", payment.order_id)
    assert row.body["payment"]["amount"] == 50_000


async def test_the_banks_reference_of_the_payment_that_counts_is_kept(stores: Stores) -> None:
    payment = await add_payment(stores)
    await take(stores, about(payment, "payment.authorized", payment_part={"bank_reference": "000000000001"}))
    assert (await payment.row()).bank_reference is None, "nothing has been paid"
    await take(stores, about(payment, "payment.captured", payment_part={"bank_reference": "412345678901"}))
    second: Part = {"id": "pay_second", "bank_reference": "999999999999"}
    await take(stores, about(payment, "payment.captured", payment_part=second))
    await take(stores, about(payment, "order.paid"))
    assert (await payment.row()).bank_reference == "412345678901"


@pytest.mark.parametrize(
    ("kind", "part", "outcome"),
    [
        ("payment.captured", {"amount": 49_999}, "mismatch"),
        ("order.paid", {"currency": "USD"}, "mismatch"),
        ("payment.authorized", {"amount": 1}, "mismatch"),
    ],
)
async def test_an_event_of_another_amount_credits_nothing(
    stores: Stores, kind: str, part: Part, outcome: str
) -> None:
    payment = await add_payment(stores)
    assert await take(stores, about(payment, kind, payment_part=part)) == outcome
    assert await payment.transfers() == []


async def test_an_event_over_the_limit_and_a_second_capture_are_named(stores: Stores) -> None:
    payment = await add_payment(stores)
    await credit(stores, payment.user_id, 1_000_000, "full")
    assert await take(stores, about(payment, "payment.captured")) is EventOutcome.OVER_LIMIT
    second = about(payment, "payment.captured", payment_part={"id": "pay_second"})
    assert await take(stores, second) is EventOutcome.SECOND
    assert await paise_of(stores, payment.user_id) == 1_000_000
    await assert_books(stores)


async def test_the_reason_of_a_failure_is_the_gateways_or_declined(stores: Stores) -> None:
    for part, reason in (({"error_reason": "card_expired"}, "card_expired"), ({}, "declined")):
        payment = await add_payment(stores)
        await take(stores, about(payment, "payment.failed", payment_part=part))
        assert (await payment.row()).failure_reason == reason


async def test_an_event_id_counts_once_whatever_it_says_the_second_time(stores: Stores) -> None:
    payment, event_id = await add_payment(stores), new_event()
    assert await take(stores, about(payment, "payment.failed"), event_id) is EventOutcome.FAILED
    assert await take(stores, about(payment, "payment.captured"), event_id) is EventOutcome.DUPLICATE
    assert (await payment.row()).status == "failed"


async def test_thirty_copies_at_once_count_once(stores: Stores) -> None:
    payment, event_id = await add_payment(stores), new_event()
    message = about(payment, "payment.captured")
    outcomes = Counter(await asyncio.gather(*(take(stores, message, event_id) for _ in range(30))))
    assert outcomes == {EventOutcome.CAPTURED: 1, EventOutcome.DUPLICATE: 29}
    assert await paise_of(stores, payment.user_id) == 50_000


async def test_an_order_of_another_gateway_is_unknown(stores: Stores) -> None:
    payment = await add_payment(stores)
    outcome = await queue_crud.take_event(
        stores.database,
        event_id=new_event(),
        gateway="another",
        message=about(payment, "payment.captured"),
        limits=limits_json(stores.settings),
    )
    assert outcome is EventOutcome.UNKNOWN_ORDER
    assert (await payment.row()).status == "created"


async def test_an_event_without_an_order_waits(stores: Stores) -> None:
    event_id = new_event()
    assert await take(stores, WebhookMessage("payment.captured", None, {}), event_id) == "unknown_order"
    row = await event_row(stores, event_id)
    assert row.outcome is None
    assert row.next_attempt_at is not None


async def refund_event(payment: PaymentRow, kind: str, **part: str | int) -> WebhookMessage:
    (refund,) = await payment.refunds()
    values: Part = {
        "id": "rfnd_1",
        "payment_id": refund.gateway_payment_id,
        "amount": refund.amount,
        "currency": "INR",
        "receipt": str(refund.refund_id),
    }
    return about(payment, kind, refund=values | part)


@pytest.fixture
async def refunding(stores: Stores) -> PaymentRow:
    """A captured payment with a pending refund of Rs 200."""
    payment = await add_captured(stores)
    assert await payment.begin_refund(20_000) is RefundStart.CREATED
    return payment


async def test_a_processed_refund_ends_and_a_repeat_is_already_there(
    stores: Stores, refunding: PaymentRow
) -> None:
    message = await refund_event(refunding, "refund.processed")
    assert await take(stores, message) is EventOutcome.PROCESSED
    assert await take(stores, message) is EventOutcome.ALREADY
    (refund,) = await refunding.refunds()
    assert (refund.status, refund.gateway_refund_id) == ("processed", "rfnd_1")
    assert await paise_of(stores, refunding.user_id) == 30_000
    await assert_books(stores)


async def test_a_refund_reported_as_failed_is_only_checked_sooner(
    stores: Stores, refunding: PaymentRow
) -> None:
    (before,) = await refunding.refunds()
    await stores.database.run(
        lambda db: queue_crud.refund_later(
            db,
            user_id=refunding.user_id,
            refund_id=before.refund_id,
            seconds=3600,
            status=RefundStatus.CREATED,
            reason=None,
            gateway_refund_id=None,
        )
    )
    message = await refund_event(refunding, "refund.failed")
    assert await take(stores, message) is EventOutcome.TO_BE_ASKED
    (refund,) = await refunding.refunds()
    assert refund.status == "created"
    assert refund.next_attempt_at is not None
    assert refund.next_attempt_at <= clock.now() + timedelta(seconds=60)
    await refunding.end_refund(refund.refund_id)
    assert await take(stores, message) is EventOutcome.ALREADY


@pytest.mark.parametrize(
    "part",
    [
        {"receipt": str(uuid4())},
        {"receipt": "no-uuid"},
        {"amount": 19_999},
        {"payment_id": "pay_of_another_customer"},
    ],
)
@pytest.mark.parametrize("kind", ["refund.processed", "refund.failed"])
async def test_a_refund_event_that_does_not_fit_the_refund_changes_nothing(
    stores: Stores, refunding: PaymentRow, kind: str, part: Part
) -> None:
    assert await take(stores, await refund_event(refunding, kind, **part)) is EventOutcome.UNKNOWN_REFUND
    assert (await refunding.refunds())[0].status == "created"
    assert await paise_of(stores, refunding.user_id) == 30_000


async def test_a_refund_of_another_payment_is_not_ended_by_this_order(
    stores: Stores, refunding: PaymentRow
) -> None:
    other = await add_captured(stores)
    message = await refund_event(refunding, "refund.processed")
    moved = WebhookMessage(message.kind, other.order_id, message.body)
    assert await take(stores, moved) is EventOutcome.UNKNOWN_REFUND
    assert (await refunding.refunds())[0].status == "created"


async def unknown_event(stores: Stores) -> tuple[str, str]:
    """The id of an event that waits for its order, and that order."""
    event_id, order_id = new_event(), f"order_{secrets.token_hex(7)}"
    part: Part = {"id": "pay_late", "order_id": order_id, "amount": 50_000, "currency": "INR"}
    message = WebhookMessage("payment.captured", order_id, {"payment": part})
    assert await take(stores, message, event_id) is EventOutcome.UNKNOWN_ORDER
    return event_id, order_id


async def test_a_retry_applies_an_event_whose_order_came_later_once(stores: Stores) -> None:
    event_id, order_id = await unknown_event(stores)
    payment = await add_payment(stores, ordered=False)

    async with stores.database.transaction() as db:
        row = await payment.row()
        row.order_id = order_id
        await db.merge(row)
        keys = {"user_id": payment.user_id, "payment_id": payment.payment_id}
        db.add(PaymentOrder(order_id=order_id, gateway="razorpay", **keys))
    outcomes = Counter(await asyncio.gather(*(retry(stores, event_id) for _ in range(10))))
    assert outcomes == {EventOutcome.CAPTURED: 1, EventOutcome.ALREADY: 9}
    assert await paise_of(stores, payment.user_id) == 50_000
    row_after = await event_row(stores, event_id)
    assert (row_after.outcome, row_after.attempts, row_after.next_attempt_at) == ("captured", 1, None)


async def test_the_pauses_between_retries_double_up_to_an_hour(stores: Stores) -> None:
    event_id, _ = await unknown_event(stores)
    pauses = []
    for _ in range(14):
        with clock.at(clock.now()):
            assert await retry(stores, event_id) is EventOutcome.UNKNOWN_ORDER
            due = (await event_row(stores, event_id)).next_attempt_at
            assert due is not None
            pauses.append(round((due - clock.now()).total_seconds()))
    assert pauses == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600, 3600, 3600]
    assert (await event_row(stores, event_id)).attempts == 14


@pytest.mark.parametrize(("hours", "outcome"), [(23.9, "unknown_order"), (24.1, "parked")])
async def test_an_event_is_parked_after_a_day_and_announced_once(
    stores: Stores, hours: float, outcome: str
) -> None:
    event_id, order_id = await unknown_event(stores)
    with clock.later(hours=hours):
        assert await retry(stores, event_id) == outcome
        if outcome == "parked":
            assert await retry(stores, event_id) is EventOutcome.ALREADY
    alerts = await events_of(stores, SYSTEM_USER_ID, "GatewayEventParked")
    own = [alert for alert in alerts if alert["event_id"] == event_id]
    assert [(alert["order_id"], alert["reason"], alert["kind"]) for alert in own] == [
        (order_id, "unknown_order", "payment.captured")
    ] * (outcome == "parked")


async def test_a_retry_of_an_event_that_is_not_there_or_not_due_is_already_done(stores: Stores) -> None:
    payment, event_id = await add_payment(stores), new_event()
    await take(stores, about(payment, "payment.captured"), event_id)
    assert await retry(stores, event_id) is EventOutcome.ALREADY
    assert await retry(stores, "evt_never_sent") is EventOutcome.ALREADY
    assert await paise_of(stores, payment.user_id) == 50_000
