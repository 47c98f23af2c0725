"""What the staff are told when something is wrong with money."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from gencharge.core.events.events import Event, emit
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.delivery.events import CallbackContradicted, DeliveryDisputed, RechargeStuck
from gencharge.notifications.listeners import ALERTS
from gencharge.payments.events import PaymentMismatched, WebhookRefused
from tests import factories

USER = str(new_id())


def events() -> list[Event]:
    recharge = str(new_id())
    return [
        RechargeStuck(
            user_id=USER, recharge_id=recharge, phone_number="+919876543210", plan_name="Jio 299",
            operator="JIO", channel="jio-direct", state="unknown", minutes=16,
        ),
        DeliveryDisputed(
            user_id=USER, recharge_id=recharge, operator="JIO", channel="jio-direct", reference="r-1",
            operator_reference="J1", amount_paise=29_900,
        ),
        CallbackContradicted(
            user_id=USER, recharge_id=recharge, channel="jio-direct", reference="r-1", outcome="delivered",
            claimed="failed",
        ),
        PaymentMismatched(
            user_id=USER, payment_id=str(new_id()), order_id="order_1", ordered_paise=29_900, reported_paise=100,
            currency="INR",
        ),
        WebhookRefused(user_id=str(SYSTEM_USER_ID), sender="gateway:razorpay", reason="wrong signature"),
    ]  # fmt: skip


def test_every_alert_has_words() -> None:
    told = events()
    assert {type(event) for event in told} == set(ALERTS)
    for event in told:
        write, needed = ALERTS[type(event)]
        alert = write(event)
        assert alert.title
        assert alert.body.endswith(".")
        assert needed.endswith(":edit")


async def inbox(stores: Stores, admin_id: UUID) -> list[dict[str, Any]]:
    wanted = {"recipient_kind": "admin", "recipient_id": admin_id}
    return await stores.documents["notices"].find(wanted).to_list()


@pytest.mark.parametrize(
    ("role", "scope", "told"),
    [
        ("SuperAdmin", (), True),
        ("Manager", (), True),
        ("Manager", ("JIO",), True),
        ("Manager", ("AIRTEL",), False),
        ("Support", (), False),
        ("Viewer", (), False),
    ],
)
async def test_a_stuck_recharge_is_told_once_to_those_who_may_act_on_that_operator(
    stores: Stores, relay: Relay, role: str, scope: tuple[str, ...], told: bool
) -> None:
    admin = await stores.database.run(lambda db: factories.make_admin(db, role, operator_scope=list(scope)))
    stuck = events()[0]
    await stores.database.run(lambda db: emit(db, stuck))
    await relay.drain()
    found = await inbox(stores, admin.admin_id)
    assert [notice["kind"] for notice in found] == (["recharge_stuck"] if told else [])
    if told:
        assert "16 minutes" in found[0]["body"]


async def test_forged_webhooks_are_told_without_filling_the_tables(stores: Stores, relay: Relay) -> None:
    from gencharge.payments import service as payments

    for number in range(50):
        await payments.refused(stores.database, f"operator:forged-{number}", "a reason of this test")
    await relay.drain()
    entries = stores.documents["audit_entries"].find({"reason": "a reason of this test"})
    assert len(await entries.to_list()) == 1
