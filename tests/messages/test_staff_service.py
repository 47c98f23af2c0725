"""Parked messages to somebody who is gone, and sums that lose no part of a paisa."""

from __future__ import annotations

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.messages import queue_crud, staff_service
from gencharge.messages.models import MessageChannel
from gencharge.messages.staff_schemas import MessageCostQuery, ParkedMessageQuery, ResendMessages
from tests.make.messages import park


async def test_a_message_to_somebody_who_is_gone_has_no_address(stores: Stores) -> None:
    message = await park(stores)
    (shown,), cursor, total = await stores.database.run(
        lambda db: staff_service.list_parked(db, stores.documents, ParkedMessageQuery())
    )
    assert (shown.message_id, shown.address, cursor, total) == (message.id, None, None, None)


async def test_parts_of_a_paisa_add_up_before_they_are_rounded(stores: Stores) -> None:
    sums = {"messages": 1_000, "units": 1_000, "millipaise": 400_400}
    for _ in range(2):
        await queue_crud.add_costs(stores.documents, new_id(), "2026-11-01", MessageChannel.EMAIL, **sums)
    query = MessageCostQuery.model_validate({"from": "2026-11-01", "to": "2026-11-01"})
    costs = await staff_service.costs(stores.documents, query)
    assert [(each.messages, each.cost.paise) for each in costs.by_day] == [(2_000, 801)]
    assert costs.total.paise == 801


async def test_sending_nothing_again_announces_nothing(stores: Stores) -> None:
    count = await stores.database.run(
        lambda db: staff_service.resend_all(db, stores.documents, ResendMessages())
    )
    assert count == 0
