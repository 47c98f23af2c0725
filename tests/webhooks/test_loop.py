"""Sending: signatures, retries, leases, disabled endpoints."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import EventRow
from gencharge.core.http.addresses import Reach
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.webhooks import loop
from gencharge.webhooks.client import Outcome, WebhookClient
from gencharge.webhooks.loop import (
    ENDPOINT_PAUSES_SECONDS,
    LEASE_SECONDS,
    PAUSES_SECONDS,
    PER_ENDPOINT,
    Attempt,
    WebhookSender,
)
from gencharge.webhooks.models import WebhookEndpoint
from tests.webhooks.conftest import Partners, failed_recharge


async def test_a_failure_is_tried_again_with_growing_pauses_under_the_same_id_for_three_days(
    partners: Partners, sender: WebhookSender
) -> None:
    endpoint = await partners.join()
    partners.receiver.status = 500
    start = clock.now()
    with clock.at(start):
        await partners.happen()
        await sender.drain()
    passed = 0.0
    for pause in (*PAUSES_SECONDS, *[PAUSES_SECONDS[-1]] * 10):
        # So many failures would disable it; here the pauses are looked at.
        await _forgive(partners.stores, endpoint.endpoint_id)
        delivery = await partners.delivery(endpoint.endpoint_id)
        assert delivery.next_attempt_at == start + timedelta(seconds=passed + pause)
        with clock.at(start + timedelta(seconds=passed + pause - 1)):
            await sender.drain()
        before = len(partners.receiver.received)
        passed += pause
        with clock.at(start + timedelta(seconds=passed)):
            await sender.drain()
        assert len(partners.receiver.received) == before + 1
    delivery = await partners.delivery(endpoint.endpoint_id)
    assert (delivery.status, delivery.attempts, delivery.next_attempt_at) == ("failed", 18, None)
    assert passed < 72 * 3600 < passed + PAUSES_SECONDS[-1]
    assert {came.id for came in partners.receiver.received} == {str(delivery.delivery_id)}
    assert len({came.body for came in partners.receiver.received}) == 1
    assert len({came.headers["webhook-timestamp"] for came in partners.receiver.received}) == 18
    assert all(came.is_signed_by(endpoint.secret) for came in partners.receiver.received)
    assert [status for _, status, _ in await partners.log(delivery)] == [500] * 18


async def _forgive(stores: Stores, endpoint_id: UUID) -> None:
    query = update(WebhookEndpoint).where(WebhookEndpoint.endpoint_id == endpoint_id)
    await stores.database.run(
        lambda db: db.execute(query.values(failures=0, failing_since=None, paused_until=None))
    )


@pytest.mark.parametrize("status", [300, 301, 400, 404, 429, 503])
async def test_whatever_is_not_2xx_is_a_failure(
    partners: Partners, sender: WebhookSender, status: int
) -> None:
    endpoint = await partners.join()
    partners.receiver.status = status
    await partners.happen()
    await sender.drain()
    delivery = await partners.delivery(endpoint.endpoint_id)
    assert (delivery.status, delivery.attempts) == ("pending", 1)
    assert (await partners.look(endpoint.endpoint_id)).failures == 1


async def test_a_success_forgives_the_failures_before(partners: Partners, sender: WebhookSender) -> None:
    endpoint = await partners.join()
    partners.receiver.status = 500
    await partners.happen(*(failed_recharge() for _ in range(9)))
    await sender.drain()
    assert (await partners.look(endpoint.endpoint_id)).failures == 1
    partners.receiver.status = 204
    with clock.later(seconds=6):
        await sender.drain()
    seen = await partners.look(endpoint.endpoint_id)
    assert (seen.failures, seen.is_active) == (0, True)


async def test_an_endpoint_that_fails_gets_one_message_at_a_time_after_growing_pauses(
    partners: Partners, sender: WebhookSender, shop: Stores
) -> None:
    endpoint, other = await partners.join(), WebhookSender(shop)
    partners.receiver.status = 500
    await partners.happen(*(failed_recharge() for _ in range(40)))
    start = clock.now()
    with clock.at(start):
        await sender.drain()
    assert len(partners.receiver.received) == PER_ENDPOINT
    assert (await partners.look(endpoint.endpoint_id)).failures == 1, "what was under way counts once"
    passed = 0.0
    for count, pause in enumerate((*ENDPOINT_PAUSES_SECONDS, ENDPOINT_PAUSES_SECONDS[-1]), 1):
        with clock.at(start + timedelta(seconds=passed + pause - 0.5)):
            await sender.drain()
        assert len(partners.receiver.received) == PER_ENDPOINT + count - 1
        passed += pause
        with clock.at(start + timedelta(seconds=passed)):
            await asyncio.gather(sender.drain(), other.drain())
        assert len(partners.receiver.received) == PER_ENDPOINT + count
        assert (await partners.look(endpoint.endpoint_id)).failures == count + 1
    await other.close()


async def test_a_receiver_that_was_silent_for_an_hour_gets_everything_without_an_admin(
    partners: Partners, sender: WebhookSender
) -> None:
    endpoint = await partners.join()
    partners.receiver.status = 503
    await partners.happen(*(failed_recharge() for _ in range(40)))
    start = clock.now()
    for minute in range(61):
        with clock.at(start + timedelta(minutes=minute)):
            await sender.drain()
    seen = await partners.look(endpoint.endpoint_id)
    assert (seen.is_active, seen.failures > 10) == (True, True)
    partners.receiver.status = 200
    with clock.at(start + timedelta(minutes=60, seconds=ENDPOINT_PAUSES_SECONDS[-1])):
        await sender.drain()
    assert {one.status for one in await partners.deliveries(endpoint.endpoint_id)} == {"delivered"}
    assert (await partners.look(endpoint.endpoint_id)).failures == 0


async def test_one_message_that_is_never_accepted_slows_the_others_down_for_moments_only(
    partners: Partners, sender: WebhookSender
) -> None:
    endpoint = await partners.join()
    partners.receiver.status = 400
    start = clock.now()
    with clock.at(start):
        await partners.happen()
        await sender.drain()
    partners.receiver.status = 200
    await partners.happen(*(failed_recharge() for _ in range(30)))
    with clock.at(start + timedelta(seconds=ENDPOINT_PAUSES_SECONDS[0])):
        await sender.drain()
    statuses = Counter(one.status for one in await partners.deliveries(endpoint.endpoint_id))
    assert statuses == {"delivered": 30, "pending": 1}, "a short failure cuts no pause of a message short"


async def _announced(partners: Partners, topic: str, endpoint_id: UUID) -> list[dict[str, Any]]:
    async with partners.stores.database.transaction() as db:
        rows = await db.scalars(select(EventRow.payload).where(EventRow.topic == topic))
        return [row for row in rows if row["endpoint_id"] == str(endpoint_id)]


async def _fail_for_a_day(partners: Partners, sender: WebhookSender, start: datetime) -> UUID:
    """An endpoint that has failed for 24 hours, with six messages that wait."""
    endpoint_id = (await partners.join()).endpoint_id
    partners.receiver.status = 500
    for hours in (0, 6, 12, 18, 23.9):
        with clock.at(start + timedelta(hours=hours)):
            await partners.happen()
            await sender.drain()
        assert (await partners.look(endpoint_id)).is_active
    with clock.at(start + timedelta(hours=24)):
        await partners.happen()
        await sender.drain()
        seen = await partners.look(endpoint_id)
        assert (seen.is_active, seen.disabled_reason) == (False, "failures")
    return endpoint_id


async def test_a_receiver_that_was_silent_for_25_hours_is_disabled_and_gets_everything_without_an_admin(
    partners: Partners, sender: WebhookSender
) -> None:
    start = clock.now()
    endpoint_id = await _fail_for_a_day(partners, sender, start)
    before = len(partners.receiver.received)
    for minutes in (10, 20, 45, 60):
        with clock.at(start + timedelta(hours=24, minutes=minutes)):
            await partners.happen()
            await sender.drain()
    assert len(partners.receiver.received) == before + 2, "one message each half hour"
    assert len(await _announced(partners, "WebhookEndpointDisabled", endpoint_id)) == 1, (
        "it is announced once"
    )
    partners.receiver.status = 200
    with clock.at(start + timedelta(hours=25, minutes=30)):
        await sender.drain()
        seen = await partners.look(endpoint_id)
        assert (seen.is_active, seen.failures, seen.disabled_reason, seen.disabled_at) == (
            True,
            0,
            None,
            None,
        )
    deliveries = await partners.deliveries(endpoint_id)
    assert Counter(one.status for one in deliveries) == {"delivered": 10}
    [recovered] = await _announced(partners, "WebhookEndpointRecovered", endpoint_id)
    assert (recovered["url"], recovered["failed_hours"]) == (seen.url, 25)


async def test_an_admin_enables_a_failing_endpoint_at_once_and_disables_it_for_good(
    partners: Partners, sender: WebhookSender
) -> None:
    start = clock.now()
    endpoint_id = await _fail_for_a_day(partners, sender, start)
    partners.receiver.status = 200
    with clock.at(start + timedelta(hours=24, minutes=1)):
        off = await partners.change(endpoint_id, is_active=False)
        assert (off.is_active, off.disabled_reason) == (False, "by_admin")
    before = len(partners.receiver.received)
    with clock.at(start + timedelta(hours=26)):
        await partners.happen()
        await sender.drain()
        assert len(partners.receiver.received) == before, "nothing is sent to what an admin disabled"
        assert len(await partners.deliveries(endpoint_id)) == 6, "nor is anything written for it"
        on = await partners.change(endpoint_id, is_active=True)
        assert (on.is_active, on.failures, on.disabled_reason) == (True, 0, None)
        await sender.drain()
    assert {one.status for one in await partners.deliveries(endpoint_id)} == {"delivered"}


async def test_a_disabled_endpoint_that_answers_410_does_not_come_back(
    partners: Partners, sender: WebhookSender
) -> None:
    start = clock.now()
    endpoint_id = await _fail_for_a_day(partners, sender, start)
    partners.receiver.status = 410
    with clock.at(start + timedelta(hours=25)):
        await sender.drain()
        assert (await partners.look(endpoint_id)).disabled_reason == "gone"
    reasons = [one["reason"] for one in await _announced(partners, "WebhookEndpointDisabled", endpoint_id)]
    assert sorted(reasons) == ["failures", "gone"]
    partners.receiver.status = 200
    before = len(partners.receiver.received)
    with clock.at(start + timedelta(hours=30)):
        await sender.drain()
    assert len(partners.receiver.received) == before


async def test_a_place_that_frees_is_filled_at_once(partners: Partners) -> None:
    class Patient(WebhookSender):
        poll_seconds = 30.0

    sender, count = Patient(partners.stores), 20 * PER_ENDPOINT
    endpoint = await partners.join()
    partners.receiver.waits["/hooks"] = 0.02
    await partners.happen(*(failed_recharge() for _ in range(count)))
    running = asyncio.create_task(sender.run())
    async with asyncio.timeout(20):
        while len(partners.receiver.received) < count:
            await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    statuses = Counter(one.status for one in await partners.deliveries(endpoint.endpoint_id))
    assert set(statuses) <= {"delivered", "pending"}


async def test_outcomes_that_come_together_are_stored_together(
    partners: Partners, sender: WebhookSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    store = loop.record_delivered

    async def count(db: AsyncSession, attempts: Sequence[Attempt]) -> None:
        sizes.append(len(attempts))
        await store(db, attempts)

    monkeypatch.setattr(loop, "record_delivered", count)
    endpoint, messages = await partners.join(), 6 * PER_ENDPOINT
    partners.receiver.waits["/hooks"] = 0.02
    await partners.happen(*(failed_recharge() for _ in range(messages)))
    await sender.drain()
    assert sum(sizes) == messages
    assert len(sizes) <= messages / 2, sizes
    deliveries = await partners.deliveries(endpoint.endpoint_id)
    assert {one.status for one in deliveries} == {"delivered"}
    assert await partners.log(deliveries[0]) == [(1, 200, "")]


async def test_gone_disables_at_once(partners: Partners, sender: WebhookSender) -> None:
    endpoint = await partners.join()
    partners.receiver.status = 410
    await partners.happen()
    await sender.drain()
    seen = await partners.look(endpoint.endpoint_id)
    assert (seen.is_active, seen.disabled_reason, seen.failures) == (False, "gone", 1)
    assert (await partners.delivery(endpoint.endpoint_id)).status == "pending"


async def test_a_slow_endpoint_holds_up_nobody_else(partners: Partners) -> None:
    # Long enough for a busy machine not to make the quick one look slow.
    sender = WebhookSender(
        partners.stores, WebhookClient(Reach.of(partners.stores.settings, None), timeout_seconds=3)
    )
    slow, quick = await partners.join("/slow"), await partners.join("/quick")
    partners.receiver.waits["/slow"] = 30
    await partners.happen(*(failed_recharge() for _ in range(WebhookSender.at_a_time + 10)))
    running = asyncio.create_task(sender.drain())
    async with asyncio.timeout(20):
        while len(partners.receiver.at("/quick")) < WebhookSender.at_a_time + 10:
            await asyncio.sleep(0.02)
    sent = len(partners.receiver.at("/slow"))
    await running
    await sender.close()
    assert sent < WebhookSender.at_a_time + 10, (
        "the quick one was served while the slow one had not been asked for all"
    )
    assert {one.status for one in await partners.deliveries(quick.endpoint_id)} == {"delivered"}
    assert {one.status for one in await partners.deliveries(slow.endpoint_id)} == {"pending"}


async def test_an_endpoint_has_its_places_and_no_more(partners: Partners) -> None:
    one, other = await partners.join("/one"), await partners.join("/other")
    await partners.happen(*(failed_recharge() for _ in range(20)))
    run = partners.stores.database.run
    taken = await run(lambda db: loop.claim(db, limit=WebhookSender.at_a_time, running=Counter()))
    counted = Counter(task.endpoint_id for task in taken)
    assert counted == {one.endpoint_id: PER_ENDPOINT, other.endpoint_id: PER_ENDPOINT}
    running = Counter({one.endpoint_id: PER_ENDPOINT, other.endpoint_id: PER_ENDPOINT - 1})
    more = await run(lambda db: loop.claim(db, limit=WebhookSender.at_a_time, running=running))
    assert [task.endpoint_id for task in more] == [other.endpoint_id]
    assert not {task.delivery_id for task in more} & {task.delivery_id for task in taken}


async def test_two_couriers_never_make_the_same_attempt(
    partners: Partners, sender: WebhookSender, shop: Stores
) -> None:
    endpoint = await partners.join()
    other = WebhookSender(shop)
    await partners.happen(*(failed_recharge() for _ in range(60)))
    await asyncio.gather(sender.drain(), other.drain())
    await other.close()
    assert len(partners.receiver.received) == 60
    assert len({came.id for came in partners.receiver.received}) == 60
    deliveries = await partners.deliveries(endpoint.endpoint_id)
    assert {(one.status, one.attempts) for one in deliveries} == {("delivered", 1)}


async def test_who_dies_between_sending_and_writing_it_down_sends_again_under_the_same_id(
    partners: Partners, sender: WebhookSender
) -> None:
    endpoint = await partners.join()
    await partners.happen()
    run = partners.stores.database.run
    [task] = await run(lambda db: loop.claim(db, limit=1, running=Counter()))
    await sender._send(task)  # and there it died
    await sender.drain()
    assert len(partners.receiver.received) == 1, "the lease still holds"
    with clock.later(seconds=LEASE_SECONDS + 1):
        await sender.drain()
    first, second = partners.receiver.received
    assert first.id == second.id
    assert first.body == second.body
    delivery = await partners.delivery(endpoint.endpoint_id)
    assert (delivery.status, delivery.attempts) == ("delivered", 2)
    assert await partners.log(delivery) == [(2, 200, "")]


async def test_a_courier_that_was_thought_dead_puts_nothing_off_and_may_still_say_that_it_got_there(
    partners: Partners,
) -> None:
    endpoint = await partners.join()
    await partners.happen()
    run, now = partners.stores.database.run, clock.now()
    [stale] = await run(lambda db: loop.claim(db, limit=1, running=Counter()))
    with clock.later(seconds=LEASE_SECONDS + 1):
        [task] = await run(lambda db: loop.claim(db, limit=1, running=Counter()))
    leased = (await partners.delivery(endpoint.endpoint_id)).leased_until
    lost = Outcome(1, status=500)
    await run(lambda db: loop.record_failure(db, Attempt(stale, lost, now)))
    assert (await partners.delivery(endpoint.endpoint_id)).leased_until == leased
    came = Outcome(1, status=200)
    await run(lambda db: loop.record_delivered(db, [Attempt(stale, came, now)]))
    await run(lambda db: loop.record_failure(db, Attempt(task, lost, now)))
    assert (await partners.delivery(endpoint.endpoint_id)).status == "delivered"


async def test_what_a_worker_runs_delivers_until_it_is_cancelled(partners: Partners) -> None:
    await partners.join()
    running = asyncio.create_task(loop.deliver_webhooks(partners.stores))
    await partners.happen()
    async with asyncio.timeout(10):
        while not partners.receiver.received:
            await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
