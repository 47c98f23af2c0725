"""The queues of payments and refunds: each row is leased once, comes due again, and leaves the queue at its end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.payments import crud, queue_crud
from gencharge.payments.models import Payment, Refund, RefundStatus
from tests.make.payments import PaymentRow, add_captured, add_payment, make_payer


async def claim_payments(stores: Stores, *, limit: int = 50, lease: float = 30) -> Sequence[Payment]:
    return await stores.database.run(
        lambda db: queue_crud.claim_payments(db, limit=limit, lease_seconds=lease)
    )


async def claim_refunds(stores: Stores, *, limit: int = 50, lease: float = 30) -> Sequence[Refund]:
    return await stores.database.run(
        lambda db: queue_crud.claim_refunds(db, limit=limit, lease_seconds=lease)
    )


def own(rows: Sequence[Payment | Refund], user_id: UUID) -> int:
    """How many of the rows are this customer's."""
    return sum(row.user_id == user_id for row in rows)


async def check_later(payment: PaymentRow, row: Payment, seconds: float | None) -> Payment:
    await payment.stores.database.run(lambda db: queue_crud.check_later(db, payment=row, seconds=seconds))
    return await payment.row()


async def test_a_payment_is_claimed_when_it_is_due_and_not_while_it_is_leased(stores: Stores) -> None:
    payment = await add_payment(stores)  # due in 10 seconds
    assert own(await claim_payments(stores), payment.user_id) == 0
    with clock.later(seconds=11):
        assert own(await claim_payments(stores), payment.user_id) == 1
        assert own(await claim_payments(stores), payment.user_id) == 0
    with clock.later(seconds=40):
        assert own(await claim_payments(stores), payment.user_id) == 0
    with clock.later(seconds=42):  # the worker died, its lease has run out
        assert own(await claim_payments(stores), payment.user_id) == 1


async def test_many_workers_claim_each_payment_once_and_no_more_than_they_can_take(stores: Stores) -> None:
    user_id = await make_payer(stores)
    for _ in range(12):
        await add_payment(stores, user_id=user_id)
    with clock.later(minutes=5):
        claims = await asyncio.gather(*(claim_payments(stores, limit=3) for _ in range(8)))
        rest = await claim_payments(stores, limit=100)
    assert all(len(rows) <= 3 for rows in claims)
    times = Counter(row.payment_id for rows in (*claims, rest) for row in rows if row.user_id == user_id)
    assert len(times) == 12
    assert set(times.values()) == {1}


async def test_what_is_due_longest_is_claimed_first(stores: Stores) -> None:
    with clock.later(days=-2):
        oldest = await add_payment(stores)
    newer = await add_payment(stores)
    with clock.later(days=1):
        (first,) = await claim_payments(stores, limit=1)
    assert (first.payment_id, newer.payment_id != first.payment_id) == (oldest.payment_id, True)


async def test_a_check_returns_the_lease_counts_and_sets_the_next_time(stores: Stores) -> None:
    payment = await add_payment(stores)
    with clock.later(minutes=1):
        row = await check_later(payment, await payment.row(), 120)
        assert row.next_check_at is not None
        assert 110 < (row.next_check_at - clock.now()).total_seconds() < 130
    assert (row.checks, row.leased_until) == (1, None)
    assert (await check_later(payment, row, None)).next_check_at is None


async def test_a_webhook_that_restarted_the_checks_keeps_its_time(stores: Stores) -> None:
    payment = await add_payment(stores)
    await check_later(payment, await payment.row(), 3600)
    stale = await payment.row()  # read by a worker, which is now at the gateway
    await payment.authorize()
    soon = (await payment.row()).next_check_at
    row = await check_later(payment, stale, 3600)
    assert (row.next_check_at, row.checks) == (soon, 1)


@pytest.mark.parametrize("seconds", [60, None])
async def test_a_captured_payment_does_not_come_back_into_the_queue(
    stores: Stores, seconds: float | None
) -> None:
    payment = await add_payment(stores)
    stale = await payment.row()
    await payment.capture()
    row = await check_later(payment, stale, seconds)
    assert (row.status, row.next_check_at, row.checks) == ("captured", None, 0)


async def test_each_claim_of_a_refund_is_an_attempt(stores: Stores) -> None:
    payment = await add_captured(stores)
    await payment.begin_refund(1)
    for attempt, seconds in ((1, 0), (2, 40), (3, 80)):
        with clock.later(seconds=seconds):
            claimed = [row for row in await claim_refunds(stores) if row.user_id == payment.user_id]
            assert [row.attempts for row in claimed] == [attempt]
            assert own(await claim_refunds(stores), payment.user_id) == 0


async def refund_later(payment: PaymentRow, status: RefundStatus, gateway_refund_id: str | None) -> Refund:
    (refund,) = await payment.refunds()
    await payment.stores.database.run(
        lambda db: queue_crud.refund_later(
            db,
            user_id=payment.user_id,
            refund_id=refund.refund_id,
            seconds=60,
            status=status,
            reason="slow",
            gateway_refund_id=gateway_refund_id,
        )
    )
    return (await payment.refunds())[0]


async def test_a_refund_that_waits_keeps_the_gateways_id_once_it_is_known(stores: Stores) -> None:
    payment = await add_captured(stores)
    await payment.begin_refund(1)
    known = await refund_later(payment, RefundStatus.PROCESSING, "rfnd_1")
    assert (known.status, known.gateway_refund_id, known.failure_reason) == ("processing", "rfnd_1", "slow")
    assert known.leased_until is None
    assert (await refund_later(payment, RefundStatus.PROCESSING, None)).gateway_refund_id == "rfnd_1"
    assert own(await claim_refunds(stores), payment.user_id) == 0
    with clock.later(seconds=61):
        assert own(await claim_refunds(stores), payment.user_id) == 1


async def test_an_ended_refund_does_not_come_back_into_the_queue(stores: Stores) -> None:
    payment = await add_captured(stores)
    await payment.begin_refund(1)
    await payment.end_refund((await payment.refunds())[0].refund_id)
    row = await refund_later(payment, RefundStatus.PROCESSING, "rfnd_2")
    assert (row.status, row.gateway_refund_id, row.next_attempt_at) == ("processed", "rfnd_1", None)
    with clock.later(days=1):
        assert own(await claim_refunds(stores), payment.user_id) == 0


async def test_the_right_to_create_an_order_or_to_check_is_given_to_one_of_many(stores: Stores) -> None:
    unordered, ordered = await add_payment(stores, ordered=False), await add_payment(stores)

    async def lease(payment: PaymentRow, *, order: bool) -> bool:
        keys = {"user_id": payment.user_id, "payment_id": payment.payment_id}
        take = crud.lease_unordered if order else crud.lease_check
        return await stores.database.run(lambda db: take(db, **keys, seconds=5))

    with clock.later(minutes=1):
        assert sum(await asyncio.gather(*(lease(unordered, order=True) for _ in range(10)))) == 1
        assert sum(await asyncio.gather(*(lease(ordered, order=False) for _ in range(10)))) == 1
        # There is an order already: nobody may create another one.
        assert not await lease(ordered, order=True)
    with clock.later(minutes=2):
        assert await lease(unordered, order=True)
        assert await lease(ordered, order=False)
