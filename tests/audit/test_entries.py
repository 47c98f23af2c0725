"""What stands in an entry: who, what, object, changes; and what must never stand there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from gencharge.audit.entries import entry_of
from gencharge.core.events.events import Envelope, Event, changes
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.sessions.events import RefreshTokenReused
from tests.make.notifications import USER, recharged

NOW = datetime(2026, 8, 1, 10, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterpartTold(Event):
    """An event of these tests: everything that must be masked."""

    note: str
    token: str = "eyJhbGciOi"
    result: str = "partly"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfMoved(Event):
    """An event of these tests: a change."""

    shelf_id: str
    colour: str
    changes: dict[str, Any]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorbellRefused(Event):
    """An event of these tests without an object."""


def entry(event: Event, **overrides: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": new_id(),
        "occurred_at": NOW,
        "event": event,
        "request_id": "r-1",
        "address": "203.0.113.9",
        "actor_kind": "user",
        "actor_id": USER,
    }
    return entry_of(Envelope(**(values | overrides)))


def test_a_recharge_says_who_did_what_to_which_object_from_where() -> None:
    event_id, event = new_id(), recharged()
    recorded = entry(event, id=event_id)
    assert recorded["_id"] == event_id
    assert recorded["actor"] == {"kind": "user", "id": USER}
    assert recorded["action"] == "plan_recharged"
    assert recorded["object"] == {"type": "recharge", "id": event.recharge_id}
    assert recorded["user_id"] == USER
    assert recorded["request_id"] == "r-1"
    assert recorded["address"] == "203.0.113.9"
    assert recorded["occurred_at"] == NOW
    assert recorded["result"] == "succeeded"
    assert recorded["details"]["total_paid_paise"] == 19900
    assert recorded["details"]["phone_number"] == "+91******3210"
    assert recorded["details"]["plan_id"] == event.plan_id
    assert "recharge_id" not in recorded["details"]
    assert recorded["changes"] == {}
    assert recorded["reason"] is None


def test_an_event_without_an_object_is_about_its_user() -> None:
    recorded = entry(DoorbellRefused(user_id=str(SYSTEM_USER_ID)))
    assert recorded["object"] == {"type": "user", "id": str(SYSTEM_USER_ID)}
    assert recorded["changes"] == {}
    assert recorded["details"] == {}


def test_a_change_has_its_old_and_new_values_beside_the_other_facts_and_the_reason() -> None:
    event = ShelfMoved(
        user_id=str(SYSTEM_USER_ID),
        shelf_id="s-1",
        colour="red",
        changes=changes({"row": 1, "name": "Top"}, {"row": 2, "name": "Top"}),
        reason="9876543210 asked",
    )
    recorded = entry(event)
    assert recorded["object"] == {"type": "shelf", "id": "s-1"}
    assert recorded["changes"] == {"row": {"old": 1, "new": 2}}
    assert recorded["details"] == {"colour": "red"}
    assert recorded["reason"] == "+91******3210 asked"


def test_the_result_is_the_events_own_or_what_its_name_says() -> None:
    assert entry(CounterpartTold(user_id=USER, note=""))["result"] == "partly"
    assert entry(DoorbellRefused(user_id=USER))["result"] == "failed"
    reused = RefreshTokenReused(user_id=USER, session_id="s", kind="user")
    assert entry(reused)["result"] == "failed"


@pytest.mark.parametrize(
    ("note", "masked"),
    [
        ("call +919876543210 now", "call +91******3210 now"),
        ("call 9876543210", "call +91******3210"),
        ("call 09876543210.", "call +91******3210."),
        ("call +91 98765 43210", "call +91******3210"),
        ("asha.rao@example.com wrote", "a***@example.com wrote"),
        ("0198c0de-0000-7000-8000-9876543210ab", "0198c0de-0000-7000-8000-9876543210ab"),
        ("order 12345678901234", "order 12345678901234"),
        ("2026-08-14T10:00:00Z", "2026-08-14T10:00:00Z"),
        ("₹199.00", "₹199.00"),
    ],
)
def test_numbers_and_addresses_in_any_text_are_masked_and_ids_are_not(note: str, masked: str) -> None:
    assert entry(CounterpartTold(user_id=USER, note=note))["details"]["note"] == masked


def test_a_secret_is_never_kept() -> None:
    assert entry(CounterpartTold(user_id=USER, note=""))["details"]["token"] == "[hidden]"


@examples(max_examples=50, deadline=None)
@given(
    st.sampled_from("6789"),
    st.text("0123456789", min_size=9, max_size=9),
    st.sampled_from(["+91", "", "0", "+91 "]),
)
def test_no_mobile_number_survives(first: str, rest: str, prefix: str) -> None:
    recorded = entry(CounterpartTold(user_id=USER, note=f"({prefix}{first}{rest})"))
    assert f"{first}{rest}" not in recorded["details"]["note"]


async def test_every_event_of_every_room_gets_an_entry(stores: Stores, relay: Relay) -> None:
    from gencharge.core.events.events import emit

    event = recharged(user_id=str(new_id()))
    await stores.database.run(lambda db: emit(db, event, DoorbellRefused(user_id=event.user_id)))
    await relay.drain()
    entries = (
        await stores.documents["audit_entries"].find({"user_id": event.user_id}).sort("_id", 1).to_list()
    )
    assert [document["action"] for document in entries] == ["plan_recharged", "doorbell_refused"]
    assert await stores.documents["notices"].count_documents({"event_id": entries[0]["_id"]}) == 1
