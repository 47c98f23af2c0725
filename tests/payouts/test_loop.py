"""Several workers that send payouts."""

from __future__ import annotations

import asyncio

from gencharge.core.stores.stores import Stores
from gencharge.payouts.context_service import PayoutContext
from gencharge.payouts.loop import PayoutSender
from tests.make.payments import events_of
from tests.make.payouts import make_closed, payout_of


async def test_workers_side_by_side_pay_once(context: PayoutContext, stores: Stores) -> None:
    user_id, _ = await make_closed(context, stores)
    await asyncio.gather(*(PayoutSender(context).drain() for _ in range(4)))
    assert (await payout_of(stores, user_id)).status == "paid"
    assert len(await events_of(stores, user_id, "PayoutPaid")) == 1
