"""Costs are added up once for each batch, and what is postponed is not due before."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import NotificationType
from gencharge.messages import queue_crud
from gencharge.messages.models import PRIORITIES, MessageChannel
from tests.make.messages import enqueue, outgoing, stored

EMAIL, SMS = MessageChannel.EMAIL, MessageChannel.SMS


async def test_a_batch_whose_answer_got_lost_is_added_once(stores: Stores) -> None:
    batch, sums = new_id(), {"messages": 2, "units": 2, "millipaise": 10}
    for _ in range(3):
        await queue_crud.add_costs(stores.documents, batch, "2026-11-02", EMAIL, **sums)
    rows = await queue_crud.list_costs(stores.documents, "2026-11-02", "2026-11-02")
    assert [row["messages"] for row in rows] == [2]


async def test_twenty_workers_that_begin_a_day_together_lose_nothing(stores: Stores) -> None:
    sums = {"messages": 1, "units": 3, "millipaise": 7}
    await asyncio.gather(
        *(queue_crud.add_costs(stores.documents, new_id(), "2026-11-03", SMS, **sums) for _ in range(20))
    )
    (row,) = await queue_crud.list_costs(stores.documents, "2026-11-03", "2026-11-03")
    assert (row["messages"], row["units"], row["millipaise"]) == (20, 60, 140)


async def test_only_what_is_due_of_the_channel_and_priority_is_postponed(stores: Stores) -> None:
    offers = NotificationType.PROMOTIONAL
    offer, receipt, text = outgoing(type=offers), outgoing(), outgoing(type=offers, channel=SMS)
    await enqueue(stores, offer, receipt, text)
    now = clock.now()
    until = now + timedelta(hours=9)
    assert await queue_crud.postpone_due(stores.documents, EMAIL, PRIORITIES[offers], now, until) == 1
    due = {each.id: (await stored(stores, each))["due_at"] > now for each in (offer, receipt, text)}
    assert due == {offer.id: True, receipt.id: False, text.id: False}
