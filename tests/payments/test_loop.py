"""The loops of a worker: several side by side, and a gateway that does not answer."""

from __future__ import annotations

import asyncio
from typing import NoReturn
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.payments.context import PaymentContext
from gencharge.payments.loop import EventRetries, PaymentChecks, RefundSender
from gencharge.payments.models import GatewayEvent, Refund
from gencharge.payments.razorpay import Razorpay
from gencharge.payments.topups_service import limits_json
from tests.make.outside import Outside
from tests.make.payments import (
    assert_clean,
    begin_refund,
    drain,
    make_payer,
    open_topup,
    paise_of,
    pay,
    refunds_at,
    refunds_of,
    topped_up,
)


async def add_event_due(db: AsyncSession, event_id: str) -> None:
    """A webhook of an order that nobody knows, to be tried again now."""
    db.add(
        GatewayEvent(
            event_id=event_id,
            gateway="razorpay",
            kind="payment.captured",
            order_id=f"order_{event_id}",
            body={},
            next_attempt_at=clock.now(),
        )
    )
    await db.flush()


async def test_two_workers_side_by_side_move_everything_once(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    people = [await make_payer(stores) for _ in range(6)]
    orders = [await open_topup(context, user_id) for user_id in people]
    for opened in orders:
        pay(outside, opened.order_id)
    with clock.later(minutes=1):
        await asyncio.gather(*(drain(context) for _ in range(4)))
    for user_id, opened in zip(people, orders, strict=True):
        assert await paise_of(stores, user_id) == 50_000
        await begin_refund(stores, user_id, opened.payment_id, None)
    with clock.later(minutes=1):
        await asyncio.gather(*(drain(context) for _ in range(4)))
    assert len(refunds_at(outside)) == 6
    for user_id in people:
        assert [each.status for each in await refunds_of(stores, user_id)] == ["processed"]
    await assert_clean(stores)


async def test_a_gateway_that_does_not_answer_delays_neither_webhooks_nor_refunds(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await topped_up(context, outside, user_id)
    begun = await begin_refund(stores, user_id, opened.payment_id, 20_000)
    for _ in range(17):  # more than the checks have places for
        await open_topup(context, await make_payer(stores))
    event_id = f"evt_{uuid4().hex[:14]}"
    await stores.database.run(lambda db: add_event_due(db, event_id))

    class Silent(Razorpay):
        async def fetch_order_payments(self, order_id: str) -> NoReturn:
            await asyncio.get_running_loop().create_future()
            raise AssertionError

    silent = PaymentContext(context.settings, context.database, Silent(context.settings))
    checks = PaymentChecks(silent)
    with clock.later(minutes=1):
        claimed = asyncio.create_task(checks.run())
        others = (RefundSender(context), EventRetries(context.database, limits_json(context.settings)))
        async with asyncio.timeout(20):
            await asyncio.gather(*(loop.drain() for loop in others))
    claimed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await claimed
    ended = await stores.database.run(lambda db: db.get_one(Refund, (user_id, begun.refund_id)))
    event = await stores.database.run(lambda db: db.get_one(GatewayEvent, event_id))
    assert ended.status == "processed"
    assert event.attempts == 1
