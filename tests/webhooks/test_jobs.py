"""Messages are discarded and deleted in time, and secrets resealed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from gencharge.core import telemetry
from gencharge.core.events.events import EventRow
from gencharge.core.values import clock
from gencharge.webhooks import crud, jobs
from gencharge.webhooks.loop import WebhookSender
from gencharge.webhooks.models import WebhookDelivery
from tests.webhooks.conftest import Partners


@pytest.mark.parametrize("swept", [True, False])
async def test_what_waits_for_a_disabled_endpoint_for_three_days_is_discarded(
    partners: Partners, sender: WebhookSender, swept: bool
) -> None:
    endpoint = await partners.join()
    await partners.happen()
    await partners.change(endpoint.endpoint_id, is_active=False)
    with clock.later(hours=73):
        if swept:
            await jobs.discard_waiting(partners.stores)
        await partners.change(endpoint.endpoint_id, is_active=True)
        await sender.drain()
    assert (await partners.delivery(endpoint.endpoint_id)).status == "discarded"
    assert partners.receiver.received == []


async def test_messages_and_attempts_are_forgotten_after_thirty_days(
    partners: Partners, sender: WebhookSender
) -> None:
    endpoint = await partners.join()
    await partners.happen()
    await sender.drain()
    old = await partners.delivery(endpoint.endpoint_id)
    with clock.later(days=29):
        await partners.happen()
        await sender.drain()
        await jobs.purge(partners.stores)
        assert len(await partners.deliveries(endpoint.endpoint_id)) == 2
    with clock.later(days=30, minutes=1):
        await jobs.purge(partners.stores)
    [left] = await partners.deliveries(endpoint.endpoint_id)
    assert left.delivery_id != old.delivery_id
    async with partners.stores.database.transaction() as db:
        assert await crud.list_attempts(db, old) == []
        assert await db.get(WebhookDelivery, (left.endpoint_id, left.delivery_id)) is not None


async def test_messages_go_as_early_as_accounts_are_erased(partners: Partners, sender: WebhookSender) -> None:
    endpoint = await partners.join()
    await partners.happen()
    await sender.drain()
    early = partners.stores.settings.model_copy(update={"erasure_after_days": 2})
    with clock.later(days=2, minutes=1):
        await jobs.purge(replace(partners.stores, settings=early))
    assert await partners.deliveries(endpoint.endpoint_id) == []


async def test_the_age_of_the_oldest_pending_message_is_measured_and_an_error_after_15_minutes(
    partners: Partners, sender: WebhookSender, capsys: pytest.CaptureFixture[str]
) -> None:
    overdue = telemetry.WEBHOOKS_OVERDUE
    await jobs.measure(partners.stores)
    assert overdue.collect()[0].samples[0].value == 0
    await partners.join()
    partners.receiver.status = 500
    start = clock.now()
    with clock.at(start):
        await partners.happen()
        await sender.drain()
    for minutes, is_logged in ((14, False), (16, True)):
        with clock.at(start.replace(microsecond=0) + timedelta(minutes=minutes)):
            await jobs.measure(partners.stores)
        assert minutes * 60 - 2 < overdue.collect()[0].samples[0].value <= minutes * 60
        assert ("webhooks_overdue" in capsys.readouterr().out) is is_logged


async def test_the_staff_are_alerted_once_when_messages_are_late_and_again_only_after_they_were_on_time(
    partners: Partners, sender: WebhookSender
) -> None:
    endpoint_id = (await partners.join()).endpoint_id
    partners.receiver.status = 500
    start = clock.now()

    async def measured_at(minutes: float) -> list[int]:
        with clock.at(start + timedelta(minutes=minutes)):
            await jobs.measure(partners.stores)
        async with partners.stores.database.transaction() as db:
            query = (
                select(EventRow.payload)
                .where(EventRow.topic == "WebhookMessagesOverdue")
                .order_by(EventRow.id)
            )
            rows = [row for row in await db.scalars(query) if row["endpoint_id"] == str(endpoint_id)]
        return [row["minutes"] for row in rows]

    with clock.at(start):
        await partners.happen()
        await sender.drain()
    assert await measured_at(14) == []
    assert await measured_at(16) == [16]
    assert await measured_at(17) == [16]
    partners.receiver.status = 200
    with clock.at(start + timedelta(minutes=20)):
        await sender.drain()
    assert await measured_at(21) == [16]
    partners.receiver.status = 500
    with clock.at(start + timedelta(minutes=30)):
        await partners.happen()
        await sender.drain()
    assert await measured_at(50) == [16, 20]
