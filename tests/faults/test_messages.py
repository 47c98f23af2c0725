"""A worker that is killed again and again while it sends e-mails: each arrives, and not more than once more than there were kills."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from tests.faults.site import Site
from tests.make.mail_server import MailServer, mail_server
from tests.make.messages import enqueue, outgoing


def customer_with_an_address(site: Site) -> UUID:
    user_id = new_id()
    with psycopg.connect(site.settings.postgres_url) as connection:
        connection.execute(
            "INSERT INTO users (user_id, phone_number, referral_code, email, email_usable_from)"
            " VALUES (%s, %s, %s, 'asha@example.com', now() - interval '1 day')",
            (user_id, f"+9170{random.randrange(10**8):08}", f"M{user_id.hex[-9:].upper()}"),
        )
    return user_id


async def let_leases_run_out(stores: Stores) -> None:
    held = {"state": "sending"}
    await stores.documents["messages"].update_many(held, {"$set": {"due_at": datetime.now(UTC)}})


async def killed_while_sending(site: Site, *, mails: int, kills: int) -> None:
    site.kill("worker")
    stores = Stores.open(site.settings)
    recipient = Recipient("user", customer_with_an_address(site))
    ids = [new_id() for _ in range(mails)]
    try:
        async with mail_server() as server:
            for start in range(0, mails, 1_000):
                batch = (outgoing(id=each, recipient=recipient) for each in ids[start : start + 1_000])
                await enqueue(stores, *batch)
            more: dict[str, Any] = {
                "SMTP_HOST": "127.0.0.1",
                "SMTP_PORT": str(server.port),
                "SMTP_STARTTLS": "false",
                "EMAILS_PER_SECOND": "10000",
            }
            for kill in range(1, kills + 1):
                site.start_process("worker", **more)
                await arrivals(server, mails * kill // (kills + 1))
                site.kill("worker")
                await let_leases_run_out(stores)
            site.start_process("worker", **more)
            await arrivals(server, mails)
            await all_ended(stores, ids)
            names = {str(each) for each in ids}
            # The installation has e-mails of its own to send: what other tests of faults brought about.
            copies = Counter(
                {
                    name: number
                    for key, number in server.copies.items()
                    if (name := key.strip("<>").partition("@")[0]) in names
                }
            )
        assert set(copies) == names, "none is lost"
        assert max(copies.values()) <= kills + 1
        # What was under way at a kill, and no more.
        assert copies.total() - mails <= kills * 32
    finally:
        await stores.close()
        site.kill("worker")


async def arrivals(server: MailServer, count: int) -> None:
    """Wait until so many different e-mails have arrived."""
    end = time.monotonic() + 240
    while len(server.copies) < count:
        assert time.monotonic() < end, f"{len(server.copies)} of {count} arrived"
        await asyncio.sleep(0.01)


async def all_ended(stores: Stores, ids: list[UUID]) -> None:
    """Wait until every message is recorded as sent."""
    end = time.monotonic() + 60
    while await stores.documents["messages"].count_documents({"_id": {"$in": ids}, "state": {"$ne": "sent"}}):
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


async def test_a_worker_killed_while_it_sends_loses_no_e_mail(site: Site) -> None:
    await killed_while_sending(site, mails=300, kills=3)


@pytest.mark.soak
async def test_ten_thousand_e_mails_and_twenty_kills(site: Site) -> None:
    await killed_while_sending(site, mails=10_000, kills=20)
