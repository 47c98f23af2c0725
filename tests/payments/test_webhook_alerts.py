"""Alerts about forged webhooks: the first of each kind is announced, a flood of them is not."""

from __future__ import annotations

import asyncio

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.payments import webhook_alerts
from tests.make.payments import events_of


@pytest.fixture(autouse=True)
def no_earlier_alert(stores: Stores) -> None:
    webhook_alerts._last.pop(stores.database, None)


async def announced(stores: Stores, reason: str) -> list[str]:
    """The senders of the alerts with this reason."""
    alerts = await events_of(stores, SYSTEM_USER_ID, "WebhookRefused")
    return [alert["sender"] for alert in alerts if alert["reason"] == reason]


async def test_the_first_refusal_is_announced_and_repeats_within_ten_seconds_are_not(stores: Stores) -> None:
    for _ in range(5):
        await webhook_alerts.refused(stores.database, "gateway:razorpay", "repeats")
    assert await announced(stores, "repeats") == ["gateway:razorpay"]


async def test_a_forger_with_many_names_is_announced_once(stores: Stores) -> None:
    for number in range(20):
        await webhook_alerts.refused(stores.database, f"operator:forged-{number}", "many names")
    assert await announced(stores, "many names") == ["operator:forged-0"]


async def test_another_kind_of_sender_and_another_reason_are_announced_apart(stores: Stores) -> None:
    for sender, reason in (
        ("gateway:razorpay", "apart-a"),
        ("operator:jio-direct", "apart-a"),
        ("gateway:razorpay", "apart-b"),
    ):
        await webhook_alerts.refused(stores.database, sender, reason)
    assert await announced(stores, "apart-a") == ["gateway:razorpay", "operator:jio-direct"]
    assert await announced(stores, "apart-b") == ["gateway:razorpay"]


@pytest.mark.parametrize(("seconds", "alerts"), [(9.0, 1), (10.1, 2)])
async def test_after_ten_quiet_seconds_it_is_announced_again(
    stores: Stores, seconds: float, alerts: int
) -> None:
    reason = f"quiet for {seconds}"
    await webhook_alerts.refused(stores.database, "gateway:razorpay", reason)
    webhook_alerts._last[stores.database]["gateway", reason] -= seconds
    await webhook_alerts.refused(stores.database, "gateway:razorpay", reason)
    assert len(await announced(stores, reason)) == alerts


async def test_fifty_refusals_at_once_are_one_alert(stores: Stores) -> None:
    await asyncio.gather(
        *(webhook_alerts.refused(stores.database, "gateway:razorpay", "at once") for _ in range(50))
    )
    assert len(await announced(stores, "at once")) == 1
