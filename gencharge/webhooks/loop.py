"""Sends due messages to integrators as long as a worker runs.

Rows are leased, so any number of workers is safe. If a worker dies between sending and recording, its lease expires and
the message is sent again under the same `webhook-id`: at least once, and the receiver can tell. Each endpoint has its own
places, so a slow one delays only itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.background.batches import Batches
from gencharge.core.background.loop import Loop
from gencharge.core.events.events import emit
from gencharge.core.http.addresses import Reach
from gencharge.core.stores.stores import Stores
from gencharge.core.tracing import spans
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.vault.columns import Attribute, Sealed
from gencharge.core.vault.errors import DataKeyLost, DataKeyNotUsable, StoredDataChanged
from gencharge.core.vault.vault import Vault
from gencharge.webhooks import crud, health_crud, signing
from gencharge.webhooks.client import TIMEOUT_SECONDS, Outcome, WebhookClient
from gencharge.webhooks.events import WebhookEndpointDisabled, WebhookEndpointRecovered
from gencharge.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint

log = telemetry.get_logger(__name__)
PER_ENDPOINT: Final = 16
LEASE_SECONDS: Final = 3 * TIMEOUT_SECONDS
# How long an endpoint may do nothing but fail before it is disabled.
DISABLED_AFTER: Final = timedelta(hours=24)
# While an endpoint fails it gets one message at a time, after a pause that grows with each failure.
ENDPOINT_PAUSES_SECONDS: Final = (1, 5, 15, 60, 300)
# The same while it is disabled, which its first success ends.
DISABLED_PAUSE_SECONDS: Final = 1800
# Messages wait out their own pauses after a short failure, and are due at once when an endpoint is back after a longer one.
WAKE_AFTER: Final = timedelta(minutes=1)
_UNREADABLE: Final = (DataKeyLost, DataKeyNotUsable, StoredDataChanged)
PAUSES_SECONDS: Final = (5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600)


@dataclass(frozen=True, slots=True)
class Task:
    """A leased delivery."""

    endpoint_id: UUID
    delivery_id: UUID
    body: Sealed
    attempt: int
    tries: int
    url: str
    secret: Sealed
    previous_secret: Sealed | None
    previous_valid_until: datetime | None
    # The only message that a failing endpoint gets now.
    is_probe: bool
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that has ended."""

    task: Task
    outcome: Outcome
    started_at: datetime


class WebhookSender(Loop[Task, UUID]):
    """One per worker process. `run` until cancelled, or `drain` in a test."""

    at_a_time = 64
    poll_seconds = 0.5

    def __init__(self, stores: Stores, client: WebhookClient | None = None) -> None:
        super().__init__()
        self._stores = stores
        self._client = client or WebhookClient(
            Reach.of(stores.settings, stores.settings.webhook_allow_private)
        )
        self._vault = Vault.of_database(stores.database)
        self._delivered = Batches(self._store_delivered, limit=self.at_a_time)

    async def claim(self, free: int, running: Counter[UUID]) -> list[Task]:
        """Lease due deliveries whose endpoints have places left."""
        return await self._stores.database.run(lambda db: claim(db, limit=free, running=running))

    def party_of(self, task: Task) -> UUID:
        """The endpoint."""
        return task.endpoint_id

    def id_of(self, task: Task) -> str:
        """The delivery's id."""
        return str(task.delivery_id)

    def traceparent_of(self, task: Task) -> str:
        """That of the event's delivery."""
        return task.traceparent or ""

    async def work(self, task: Task) -> None:
        """Make one attempt."""
        started_at = clock.now()
        attempt = Attempt(task, await self._send(task), started_at)
        if attempt.outcome.delivered:
            await self._delivered.add(attempt)
        else:
            await self._stores.database.run(lambda db: record_failure(db, attempt))

    async def close(self) -> None:
        """Close the connections."""
        await self._delivered.close()
        await self._client.close()

    async def _store_delivered(self, attempts: list[Attempt]) -> None:
        await self._stores.database.run(lambda db: record_delivered(db, attempts))

    async def _send(self, task: Task) -> Outcome:
        keys = await self._keys_of(task)
        if not keys:
            return Outcome(0, error="secret_unreadable")
        try:
            key = (task.endpoint_id, task.delivery_id)
            body = (await self._vault.open(WebhookDelivery.body, key, task.body)).encode()
        except _UNREADABLE:
            return Outcome(0, error="message_unreadable")
        # The attempt's own time, as the specification has it; the id stays.
        timestamp = int(clock.now().timestamp())
        headers = signing.sign(keys, message_id=str(task.delivery_id), timestamp=timestamp, body=body)
        # The integrator's server gets no traceparent: our traces are nobody else's.
        with spans.call("POST webhook", {"gencharge.endpoint_id": str(task.endpoint_id)}) as span:
            outcome = await self._client.post(task.url, headers, body)
            spans.answered(span, outcome.status, outcome.error.partition(":")[0])
        return outcome

    async def _keys_of(self, task: Task) -> list[str]:
        sealed: list[tuple[Attribute, Sealed]] = [(WebhookEndpoint.secret, task.secret)]
        until = task.previous_valid_until
        if task.previous_secret is not None and until is not None and until > clock.now():
            sealed.append((WebhookEndpoint.previous_secret, task.previous_secret))
        secrets = list[str]()
        for column, value in sealed:
            with suppress(*_UNREADABLE):
                secrets.append(await self._vault.open(column, (task.endpoint_id,), value))
        return secrets


async def claim(db: AsyncSession, *, limit: int, running: Counter[UUID]) -> list[Task]:
    """Begin an attempt of up to `limit` deliveries that are due, where their endpoints have places left."""
    tasks = list[Task]()
    for endpoint in await crud.list_endpoints_to_serve(db):
        places = min(PER_ENDPOINT - running[endpoint.endpoint_id], limit - len(tasks))
        if endpoint.failures and places > 0:
            may_probe = await health_crud.begin_probe(db, endpoint.endpoint_id, lease_seconds=LEASE_SECONDS)
            places = 1 if may_probe else 0
        if places <= 0:
            continue
        deliveries = await crud.claim_due(db, endpoint.endpoint_id, limit=places, lease_seconds=LEASE_SECONDS)
        tasks += [_task(endpoint, delivery) for delivery in deliveries]
    return tasks


def _task(endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> Task:
    return Task(
        endpoint_id=endpoint.endpoint_id,
        delivery_id=delivery.delivery_id,
        body=delivery.body,
        attempt=delivery.attempts,
        tries=delivery.tries,
        url=endpoint.url,
        secret=endpoint.secret,
        previous_secret=endpoint.previous_secret,
        previous_valid_until=endpoint.previous_valid_until,
        is_probe=endpoint.failures > 0,
        traceparent=delivery.traceparent,
    )


async def record_delivered(db: AsyncSession, attempts: Sequence[Attempt]) -> None:
    """Store attempts that succeeded.

    An endpoint's first success after failures makes all that waits due again, and enables an endpoint that the failures disabled.
    """
    tasks = [attempt.task for attempt in attempts]
    for endpoint_id in await health_crud.list_failing(db, {task.endpoint_id for task in tasks}):
        failed_seconds = await health_crud.forgive_failures(db, endpoint_id)
        if failed_seconds >= WAKE_AFTER.total_seconds():
            await _enable(db, endpoint_id, failed_seconds)
            await crud.wake(db, endpoint_id)
    await crud.set_delivered(db, [(task.endpoint_id, task.delivery_id) for task in tasks])
    await crud.add_attempts(db, [await _row(db, attempt) for attempt in attempts])


async def record_failure(db: AsyncSession, attempt: Attempt) -> None:
    """Store an attempt that failed: it is retried after a pause, until the message expires.

    A failure slows the endpoint down, and disables it if it has done nothing but fail for a day.
    """
    task = attempt.task
    await _slow_down(db, task, attempt.outcome)
    pause = PAUSES_SECONDS[min(task.tries, len(PAUSES_SECONDS)) - 1]
    await crud.set_postponed(
        db, task.endpoint_id, task.delivery_id, attempt=task.attempt, pause_seconds=pause
    )
    await crud.add_attempts(db, [await _row(db, attempt)])


async def _row(db: AsyncSession, attempt: Attempt) -> WebhookAttempt:
    task, outcome = attempt.task, attempt.outcome
    key = (task.endpoint_id, task.delivery_id, task.attempt)
    return WebhookAttempt(
        endpoint_id=task.endpoint_id,
        delivery_id=task.delivery_id,
        attempt=task.attempt,
        url=task.url,
        started_at=attempt.started_at,
        duration_ms=outcome.duration_ms,
        response_status=outcome.status,
        response=await Vault.of(db).seal(WebhookAttempt.response, key, outcome.response),
        error=outcome.error,
    )


async def _slow_down(db: AsyncSession, task: Task, outcome: Outcome) -> None:
    """Count the failure, one a pause: what was under way when the pause began is not counted again."""
    failures, failed_seconds = await health_crud.add_failure(
        db,
        task.endpoint_id,
        is_probe=task.is_probe,
        pauses_seconds=ENDPOINT_PAUSES_SECONDS,
        disabled_pause_seconds=DISABLED_PAUSE_SECONDS,
    )
    if outcome.gone:
        await _disable(db, task.endpoint_id, "gone", failures)
    elif failed_seconds >= DISABLED_AFTER.total_seconds():
        await _disable(db, task.endpoint_id, "failures", failures)


async def _disable(db: AsyncSession, endpoint_id: UUID, reason: str, failures: int) -> None:
    url = await health_crud.set_disabled(db, endpoint_id, reason)
    if url is None:
        return
    log.warning("webhook_endpoint_disabled", endpoint_id=str(endpoint_id), reason=reason)
    disabled = WebhookEndpointDisabled(
        user_id=str(SYSTEM_USER_ID), endpoint_id=str(endpoint_id), reason=reason, failures=failures, url=url
    )
    await emit(db, disabled)


async def _enable(db: AsyncSession, endpoint_id: UUID, failed_seconds: float) -> None:
    url = await health_crud.set_enabled(db, endpoint_id)
    if url is None:
        return
    log.info("webhook_endpoint_recovered", endpoint_id=str(endpoint_id))
    recovered = WebhookEndpointRecovered(
        user_id=str(SYSTEM_USER_ID),
        endpoint_id=str(endpoint_id),
        url=url,
        failed_hours=int(failed_seconds // 3600),
    )
    await emit(db, recovered)


async def deliver_webhooks(stores: Stores) -> None:
    """The loop of a worker."""
    await WebhookSender(stores).run()
