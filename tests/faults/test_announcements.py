"""A worker that is killed again and again while an announcement goes out: one message for each customer, and each counted once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest

from gencharge.announcements import staff_service
from gencharge.announcements.staff_schemas import AnnouncementCreate, SendAnnouncement
from gencharge.core.http.web import to_json
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.vault.vault import Vault
from gencharge.sessions.tokens import Principal
from tests.faults.people import add_customers
from tests.faults.site import Site
from tests.make.announcements import draft

_MORE = {"EMAILS_PER_SECOND": "10000"}


def customers(site: Site, count: int) -> set[UUID]:
    """Customers who agreed to news, signed up yesterday."""
    ids = add_customers(site, count)
    with psycopg.connect(site.settings.postgres_url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO user_preferences (user_id, email_notification, sms_notification, marketing_communication,"
            " recharge_reminders, promotional_offers, transactional_alerts, data_analytics, third_party_integrations)"
            " VALUES (%s, true, true, true, true, true, true, false, false)",
            [(each,) for each in ids],
        )
    return set(ids)


async def announced(stores: Stores) -> UUID:
    admin, vault = Principal(new_id(), "admin", new_id()), Vault.of_database(stores.database)
    command = AnnouncementCreate.model_validate_json(to_json(draft(channels=["email"])))
    announcement_id = await stores.database.run(
        lambda db: staff_service.create(db, stores.documents, vault, admin, command)
    )
    await stores.database.run(
        lambda db: staff_service.send(
            db, stores.documents, vault, stores.settings, admin, announcement_id, None, SendAnnouncement()
        )
    )
    return announcement_id


async def killed_while_announcing(site: Site, *, people: int, kills: int) -> None:
    site.kill("worker")
    stores = Stores.open(site.settings)
    ids = customers(site, people)

    async def document() -> dict[str, Any]:
        row = await stores.documents["announcements"].find_one({"_id": announcement_id})
        assert row is not None
        return row

    async def until(done: Any) -> None:
        end = time.monotonic() + 240
        while not done(await document()):
            assert time.monotonic() < end, await document()
            await asyncio.sleep(0.005)

    try:
        announcement_id = await announced(stores)
        for kill in range(1, kills + 1):
            site.start_process("worker", **_MORE)
            await until(lambda row, kill=kill: row["recipients"] >= people * kill // (kills + 1))
            site.kill("worker")
            held = {"_id": announcement_id, "next_at": {"$exists": True}}
            await stores.documents["announcements"].update_one(held, {"$set": {"next_at": datetime.now(UTC)}})
        site.start_process("worker", **_MORE)
        await until(lambda row: row["counted"])
        # In the order of the ids: over the index of a batch, which has the state in it, a message that is sent at that moment is passed over or met twice.
        rows = stores.documents["messages"].find({"batch": announcement_id}, {"recipient_id": 1}).hint("_id_")
        copies = Counter([row["recipient_id"] async for row in rows])
        assert {each for each in ids if copies[each] != 1} == set(), "nobody is left out"
        assert max(copies.values()) == 1, "nobody has two"
        with psycopg.connect(site.settings.postgres_url) as connection:
            [row] = connection.execute(
                "SELECT count(*) FROM users WHERE status = 'active' AND registered_at <= %s",
                ((await document())["starts_at"],),
            ).fetchall()
        assert (await document())["recipients"] == row[0]
    finally:
        await stores.close()
        site.kill("worker")


async def test_a_worker_killed_amid_an_announcement_leaves_nobody_out_and_tells_nobody_twice(
    site: Site,
) -> None:
    await killed_while_announcing(site, people=4_000, kills=3)


@pytest.mark.soak
async def test_a_hundred_thousand_customers_and_twenty_kills(site: Site) -> None:
    await killed_while_announcing(site, people=100_000, kills=20)
