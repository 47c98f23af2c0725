"""Who is erased is masked in stored events, as in the audit trail, and an entry that is written again from them says the same."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from uuid import UUID

import pytest

from gencharge.audit.entries import entry_of, masked_payload
from gencharge.audit.personal_data import PART
from gencharge.core.events import delivered
from gencharge.core.events.events import Envelope, Event, emit
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.audit import LISTENERS, TableMoved
from tests.make.notifications import recharged

NUMBER = "+919876500001"


@pytest.mark.parametrize(
    "event",
    [
        recharged(phone_number=NUMBER),
        TableMoved(
            user_id=str(new_id()),
            table_id="t-1",
            changes={
                "phone_number": {"old": NUMBER, "new": "+919876500002"},
                "name": {"old": "Asha", "new": "B"},
            },
            reason=f"{NUMBER} asked, asha@example.com",
        ),
    ],
    ids=["a recharge", "a change"],
)
def test_an_entry_of_a_masked_event_is_the_same(event: Event) -> None:
    payload = masked_payload(asdict(event))
    assert NUMBER.removeprefix("+91") not in str(payload)
    envelope = Envelope(new_id(), datetime.now(UTC), event, "r", "", "user", "u")
    masked = Event.decode(event.topic(), payload)
    again = Envelope(envelope.id, envelope.occurred_at, masked, "r", "", "user", "u")
    first, second = entry_of(envelope), entry_of(again)
    assert first | {"recorded_at": None} == second | {"recorded_at": None}


async def test_erasing_masks_the_stored_events_of_this_customer(shop: Stores) -> None:
    erased, other = new_id(), new_id()
    for user_id in (erased, other, erased):
        event = recharged(user_id=str(user_id), phone_number=NUMBER)
        await shop.database.run(lambda db, event=event: emit(db, event))  # type: ignore[misc]
    await Relay(shop, LISTENERS).drain()
    assert PART.erase is not None
    await PART.erase(shop, erased)
    numbers = dict[UUID, set[str]]()
    async for batch in delivered.iterate(shop.database, datetime(2020, 1, 1, tzinfo=UTC)):
        for user_id, _, topic, payload, *_ in batch:
            if topic == "PlanRecharged":
                numbers.setdefault(user_id, set()).add(payload["phone_number"])
    assert numbers[other] == {NUMBER}
    assert numbers[erased] == {"+91******0001"}
