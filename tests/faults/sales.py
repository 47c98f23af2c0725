"""Sales at a rate, whatever the answers: when each was begun and acknowledged."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import psycopg

from gencharge.core.values.ids import new_id
from tests.faults.customers import admit
from tests.faults.http import post
from tests.faults.site import Site
from tests.faults.test_faults import bodies, new_number

RATE = 50
_CUSTOMERS = 20
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Sale:
    """An order that was sent. `acknowledged_at`: when the answer 201 was here; None if there was another one, or none. Instants in UTC."""

    key: str
    begun_at: datetime
    acknowledged_at: datetime | None


class Sales:
    """Fifty sales a second, over one port after the other of those that serve. The idempotency keys begin with `prefix`."""

    def __init__(self, site: Site, plan: str, prefix: str) -> None:
        self._plan = plan
        self.prefix = prefix
        customers = [new_id() for _ in range(_CUSTOMERS)]
        with psycopg.connect(site.settings.postgres_url) as connection:
            for user_id in customers:
                admit(connection, user_id, new_number(), "JIO", 10**9)
        self._headers = site.headers_of(customers)
        self.ports = [site.port]
        self.seen: Counter[tuple[int, int | None]] = Counter()
        self.sales: list[Sale] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Sell until it is cancelled."""
        number, began = 0, time.monotonic()
        while True:
            self._tasks.append(asyncio.create_task(self._one(number)))
            number += 1
            await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))

    async def settle(self) -> None:
        """Wait for the answers that are still to come."""
        await asyncio.gather(*self._tasks)

    def acknowledged_before(self, instant: datetime) -> set[str]:
        """The keys of the sales that were acknowledged before an instant."""
        return {
            sale.key
            for sale in self.sales
            if sale.acknowledged_at is not None and sale.acknowledged_at < instant
        }

    def begun_before(self, instant: datetime) -> set[str]:
        """The keys of the sales that were sent before an instant, whatever came of them."""
        return {sale.key for sale in self.sales if sale.begun_at < instant}

    async def _one(self, number: int) -> None:
        port, key = self.ports[number % len(self.ports)], f"{self.prefix}-{uuid4()}"
        headers = self._headers[number % len(self._headers)] | {"Idempotency-Key": key}
        begun_at = datetime.now(UTC)
        answer = await post(
            port, "/v1/recharge/subscribe", headers, bodies(self._plan, 1)[0], seconds=_SECONDS
        )
        status = answer.status_code if answer is not None else None
        self.seen[port, status] += 1
        self.sales.append(Sale(key, begun_at, datetime.now(UTC) if status == 201 else None))
