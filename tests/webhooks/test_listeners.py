"""An event becomes one message, however often it is delivered."""

from __future__ import annotations

from sqlalchemy import text

from gencharge.core.events.events import Envelope, emit
from gencharge.core.events.relay import Relay
from gencharge.webhooks.listeners import QUEUE_MESSAGES
from tests.webhooks.conftest import Partners, failed_recharge


async def test_an_event_that_is_handed_out_twice_becomes_one_message(partners: Partners) -> None:
    endpoint = await partners.join()
    batch = await partners.happen(failed_recharge(), failed_recharge())
    await QUEUE_MESSAGES.deliver(partners.stores, batch)
    await QUEUE_MESSAGES.deliver(partners.stores, batch[1:])
    deliveries = await partners.deliveries(endpoint.endpoint_id)
    assert sorted(one.event_id for one in deliveries) == sorted(one.id for one in batch)


async def test_two_relays_that_hold_the_same_event_make_one_message(partners: Partners, relay: Relay) -> None:
    endpoint = await partners.join(events=["recharge.failed"])
    event = failed_recharge()
    await partners.stores.database.run(lambda db: emit(db, event))
    # The listener is called by one relay, and that one dies before it settles.
    async with partners.stores.database.transaction() as db:
        row = (await db.execute(text("SELECT * FROM events WHERE topic = 'RechargeFailed'"))).mappings().one()
    envelope = Envelope(row["id"], row["occurred_at"], event, "", "", "system", "")
    await QUEUE_MESSAGES.deliver(partners.stores, [envelope])
    await relay.drain()
    assert (await partners.delivery(endpoint.endpoint_id)).event_id == envelope.id
