"""A worker that is killed again and again while it writes notices: each is in its inbox exactly once."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from uuid import UUID

import psycopg
import pytest

from gencharge.core.events.events import emit
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.core.vault.vault import Vault
from gencharge.notifications import notices_service
from gencharge.recharge.events import PlanExpired
from tests.faults.people import add_customers
from tests.faults.site import Site

_AT_ONCE = 1_000


async def killed_while_writing(site: Site, *, people: int, notices_each: int, kills: int) -> None:
    site.kill("worker")
    stores = Stores.open(site.settings)
    notices = stores.documents["notices"]
    ids = add_customers(site, people)
    of_these = {"recipient_kind": "user", "recipient_id": {"$in": ids}}
    recharge_ids = {each: [new_id() for _ in range(notices_each)] for each in ids}
    happened = [
        PlanExpired(
            user_id=str(user_id),
            recharge_id=str(recharge_id),
            phone_number="+919876543210",
            plan_name="Jio 199",
        )
        for user_id, own in recharge_ids.items()
        for recharge_id in own
    ]
    random.Random(7).shuffle(happened)

    async def written(count: int) -> None:
        """Wait until so many notices stand in these inboxes."""
        end = time.monotonic() + 240
        while (now := await notices.count_documents(of_these)) < count:
            assert time.monotonic() < end, f"{now} of {len(happened)} are written"
            await asyncio.sleep(0.01)

    async def handed_out() -> None:
        """Wait until no event of these customers is left: whatever a killed worker had under way has been done again."""
        end = time.monotonic() + 240
        while _events_left(site, ids):
            assert time.monotonic() < end
            await asyncio.sleep(0.05)

    try:
        for start in range(0, len(happened), _AT_ONCE):
            batch = happened[start : start + _AT_ONCE]
            await stores.database.run(lambda db, batch=batch: emit(db, *batch))
        for kill in range(1, kills + 1):
            site.start_process("worker")
            await written(len(happened) * kill // (kills + 1))
            site.kill("worker")
        site.start_process("worker")
        await written(len(happened))
        await handed_out()
        vault = Vault.of_database(stores.database)
        for user_id, expected in recharge_ids.items():
            page, _ = await notices_service.read(
                stores.documents, vault, Recipient("user", user_id), limit=notices_each + 1
            )
            seen = Counter(notice.data["recharge_id"] for notice in page)
            assert seen == Counter(map(str, expected)), "each once, and none is lost"
    finally:
        await stores.close()
        site.kill("worker")


def _events_left(site: Site, ids: list[UUID]) -> int:
    """How many events and late deliveries of these customers a worker still has to hand out."""
    with psycopg.connect(site.settings.postgres_url) as connection:
        [row] = connection.execute(
            "SELECT (SELECT count(*) FROM events WHERE user_id = ANY(%(ids)s))"
            " + (SELECT count(*) FROM deliveries WHERE user_id = ANY(%(ids)s))",
            {"ids": ids},
        ).fetchall()
    return int(row[0])


async def test_a_worker_killed_while_it_writes_notices_writes_each_exactly_once(site: Site) -> None:
    await killed_while_writing(site, people=40, notices_each=15, kills=3)


@pytest.mark.soak
async def test_ten_thousand_notices_and_twenty_kills(site: Site) -> None:
    await killed_while_writing(site, people=500, notices_each=20, kills=20)
