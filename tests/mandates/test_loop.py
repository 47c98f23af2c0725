"""Several workers that ask about mandates."""

from __future__ import annotations

import asyncio

from gencharge.core.stores.stores import Stores
from gencharge.mandates.loop import MandateChecks
from gencharge.payments.context import PaymentContext
from gencharge.payments.service import ask_gateway
from tests.make.mandates import ask_for_mandate, mandate_of, wake
from tests.make.outside import Outside
from tests.make.payments import events_of, make_payer, pay


async def test_workers_side_by_side_activate_it_once(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    mandate = await ask_for_mandate(context, user_id)
    pay(outside, mandate.order_id)
    await ask_gateway(context, user_id, mandate.payment_id)
    await wake(context, user_id, mandate.mandate_id)
    await asyncio.gather(*(MandateChecks(context).drain() for _ in range(4)))
    assert (await mandate_of(stores, user_id, mandate.mandate_id)).status == "active"
    assert len(await events_of(stores, user_id, "MandateActivated")) == 1
