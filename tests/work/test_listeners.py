"""What only an event says gets onto the list, and what is right again leaves it."""

from __future__ import annotations

from typing import Any

import pytest

from gencharge.core.events.events import Envelope, Event
from gencharge.core.rooms.checks import LedgerVerified
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.wording import in_language
from gencharge.delivery.events import DeliveryDisputed
from gencharge.payments.events import GatewayEventParked
from gencharge.work import crud
from gencharge.work.listeners import LEDGER, REPORT
from gencharge.work.models import WorkKind
from tests.make.recharge import run_sql

OBJECT = "0198c0de-0000-7000-8000-00000000beef"
SYSTEM: dict[str, Any] = {"user_id": str(SYSTEM_USER_ID)}
BROKEN = LedgerVerified(**SYSTEM, checks=40, breaches=3, failed="the books balance")
DISPUTED = DeliveryDisputed(
    **SYSTEM,
    recharge_id=OBJECT,
    operator="JIO",
    channel="jio-direct",
    reference="r-1",
    operator_reference="J1",
    amount_paise=29_900,
)
PARKED = GatewayEventParked(
    **SYSTEM,
    event_id=f"evt_{OBJECT}",
    gateway="razorpay",
    kind="payment.captured",
    order_id=None,
    reason="unknown_order",
)


async def deliver(stores: Stores, event: Event) -> None:
    envelope = Envelope(
        id=new_id(),
        occurred_at=clock.now(),
        event=event,
        request_id="",
        address="",
        actor_kind="system",
        actor_id="",
    )
    await stores.database.run(lambda db: REPORT.deliver(db, envelope))


async def find(stores: Stores, kind: WorkKind, item_id: str) -> list[crud.Waiting]:
    rows = await stores.database.run(lambda db: crud.list_waiting(db, [kind]))
    return [row for row in rows if row.item_id == item_id]


@pytest.mark.parametrize(
    ("event", "kind", "item_id", "operator", "words"),
    [
        (BROKEN, WorkKind.FAILED_LEDGER_CHECK, LEDGER, None, "3 breaches: the books balance"),
        (DISPUTED, WorkKind.DISPUTED_DELIVERY, OBJECT, "JIO", "jio-direct claims r-1"),
        (PARKED, WorkKind.PARKED_GATEWAY_EVENT, f"evt_{OBJECT}", None, "unknown_order"),
    ],
)
async def test_an_event_is_on_the_list_once(
    stores: Stores, event: Event, kind: WorkKind, item_id: str, operator: str | None, words: str
) -> None:
    for _ in range(2):
        await deliver(stores, event)
    [row] = await find(stores, kind, item_id)
    assert row.operator == operator
    assert words in row.title


async def test_a_ledger_that_is_right_again_leaves_the_list(stores: Stores) -> None:
    await deliver(stores, BROKEN)
    assert await find(stores, WorkKind.FAILED_LEDGER_CHECK, LEDGER)
    await deliver(stores, LedgerVerified(**SYSTEM, checks=40, breaches=0))
    assert await find(stores, WorkKind.FAILED_LEDGER_CHECK, LEDGER) == []


@pytest.mark.parametrize(
    ("event", "kind", "item_id", "words"),
    [
        (BROKEN, WorkKind.FAILED_LEDGER_CHECK, LEDGER, "3 उल्लंघन: the books balance"),
        (DISPUTED, WorkKind.DISPUTED_DELIVERY, OBJECT, "jio-direct के अनुसार r-1 सफल रहा"),
    ],
)
async def test_what_an_event_reported_is_read_in_hindi_too(
    stores: Stores, event: Event, kind: WorkKind, item_id: str, words: str
) -> None:
    await deliver(stores, event)
    [row] = await find(stores, kind, item_id)
    assert words in in_language(row.title, "hi")


async def test_what_an_earlier_version_stored_is_shown_as_it_is(stores: Stores) -> None:
    await deliver(stores, PARKED)
    await run_sql(stores, "UPDATE work_reports SET wording = NULL WHERE kind = 'parked_gateway_event'")
    [row] = await find(stores, WorkKind.PARKED_GATEWAY_EVENT, f"evt_{OBJECT}")
    assert in_language(row.title, "hi") == row.title != ""
