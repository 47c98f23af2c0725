"""Sends due messages to integrators as long as a worker runs.

Rows are leased, so any number of workers is safe. If a worker dies between sending and recording, its lease expires and
the message is sent again under the same `webhook-id`: at least once, and the receiver can tell. Each endpoint has its own
places, so a slow one delays only itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.background.loop import Loop
from gencharge.core.events.events import emit
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.webhooks import crud, service, signing
from gencharge.webhooks.addresses import Reach
from gencharge.webhooks.client import TIMEOUT_SECONDS, Outcome, WebhookClient
from gencharge.webhooks.events import WebhookEndpointDisabled
from gencharge.webhooks.models import WebhookDelivery, WebhookEndpoint

log = telemetry.get_logger(__name__)
PER_ENDPOINT: Final = 4
LEASE_SECONDS: Final = 3 * TIMEOUT_SECONDS
# Failures in a row, of any messages of an endpoint.
MAX_FAILURES: Final = 10
PAUSES_SECONDS: Final = (5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600)


@dataclass(frozen=True, slots=True)
class Task:
    """A leased delivery."""

    endpoint_id: UUID
    delivery_id: UUID
    body: str
    attempt: int
    tries: int
    url: str
    secret: bytes
    previous_secret: bytes | None
    previous_valid_until: datetime | None


class WebhookSender(Loop[Task, UUID]):
    """One per worker process. `run` until cancelled, or `drain` in a test."""

    at_a_time = 64
    poll_seconds = 0.5

    def __init__(self, stores: Stores, client: WebhookClient | None = None) -> None:
        super().__init__()
        self._stores = stores
        self._client = client or WebhookClient(Reach.of(stores.settings))
        self._sealer = service.sealer_of(stores.settings)

    async def claim(self, free: int, running: Counter[UUID]) -> list[Task]:
        """Lease due deliveries whose endpoints have places left."""
        return await self._stores.database.run(lambda db: claim(db, limit=free, running=running))

    def party_of(self, task: Task) -> UUID:
        """The endpoint."""
        return task.endpoint_id

    def id_of(self, task: Task) -> str:
        """The delivery's id."""
        return str(task.delivery_id)

    async def work(self, task: Task) -> None:
        """Make one attempt."""
        started_at = clock.now()
        outcome = await self._send(task)
        await self._stores.database.run(lambda db: record(db, task, outcome, started_at=started_at))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _send(self, task: Task) -> Outcome:
        keys = self._keys_of(task)
        if not keys:
            return Outcome(0, error="secret_unreadable")
        body = task.body.encode()
        # The attempt's own time, as the specification has it; the id stays.
        timestamp = int(clock.now().timestamp())
        headers = signing.sign(keys, message_id=str(task.delivery_id), timestamp=timestamp, body=body)
        return await self._client.post(task.url, headers, body)

    def _keys_of(self, task: Task) -> list[str]:
        sealed = [task.secret]
        until = task.previous_valid_until
        if task.previous_secret is not None and until is not None and until > clock.now():
            sealed.append(task.previous_secret)
        opened = [self._sealer.open(task.endpoint_id, part) for part in sealed]
        return [secret[0] for secret in opened if secret is not None]


async def claim(db: AsyncSession, *, limit: int, running: Counter[UUID]) -> list[Task]:
    """Begin an attempt of up to `limit` deliveries that are due, where their endpoints have places left."""
    tasks = list[Task]()
    for endpoint in await crud.list_active_endpoints(db):
        places = min(PER_ENDPOINT - running[endpoint.endpoint_id], limit - len(tasks))
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
    )


async def record(db: AsyncSession, task: Task, outcome: Outcome, *, started_at: datetime) -> None:
    """Store the outcome of an attempt: delivered, retried after a pause, or failed; disable the endpoint after too many failures."""
    if outcome.delivered:
        await crud.set_delivered(db, task.endpoint_id, task.delivery_id)
    else:
        pause = PAUSES_SECONDS[min(task.tries, len(PAUSES_SECONDS)) - 1]
        failures = await crud.set_postponed(
            db, task.endpoint_id, task.delivery_id, attempt=task.attempt, pause_seconds=pause
        )
        if outcome.gone:
            await _disable(db, task.endpoint_id, "gone", failures)
        elif failures >= MAX_FAILURES:
            await _disable(db, task.endpoint_id, "failures", failures)
    await crud.add_attempt(
        db,
        endpoint_id=task.endpoint_id,
        delivery_id=task.delivery_id,
        attempt=task.attempt,
        url=task.url,
        started_at=started_at,
        duration_ms=outcome.duration_ms,
        response_status=outcome.status,
        response=outcome.response,
        error=outcome.error,
    )


async def _disable(db: AsyncSession, endpoint_id: UUID, reason: str, failures: int) -> None:
    if await crud.set_disabled(db, endpoint_id, reason):
        log.warning("webhook_endpoint_disabled", endpoint_id=str(endpoint_id), reason=reason)
        disabled = WebhookEndpointDisabled(
            user_id=str(SYSTEM_USER_ID), endpoint_id=str(endpoint_id), reason=reason, failures=failures
        )
        await emit(db, disabled)


async def deliver_webhooks(stores: Stores) -> None:
    """The loop of a worker."""
    await WebhookSender(stores).run()
