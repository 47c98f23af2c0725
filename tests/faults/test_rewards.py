"""A worker that is killed while it earns or pays referral rewards: each is paid once, and the books balance."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.background import jobs
from gencharge.core.faultpoints import VARIABLE
from gencharge.core.postgres.database import Database
from gencharge.core.values.ids import new_id
from gencharge.referrals.lifecycle_service import PAY_JOB
from gencharge.users import service as users
from tests.faults.customers import admit
from tests.faults.site import Site
from tests.faults.test_faults import bodies, cheapest, ledger_lines, new_number, recharge, rows, wait_for

FRIENDS = 4


async def referrals(site: Site) -> tuple[UUID, list[UUID]]:
    """A customer, and new ones who registered with their code; all have Rs 1,000."""
    people = [new_id() for _ in range(FRIENDS + 1)]
    with psycopg.connect(site.settings.postgres_url) as connection:
        for person in people:
            admit(connection, person, new_number(), "JIO", 100_000)
        code = f"C{uuid4().hex[:9].upper()}"
        connection.execute("INSERT INTO referral_codes (code, user_id) VALUES (%s, %s)", (code, people[0]))
    database = Database(site.settings, name="registering")
    try:
        for friend in people[1:]:

            async def register(db: AsyncSession, user_id: UUID = friend) -> None:
                address = f"{user_id}@example.com"
                await users.register(
                    db, user_id, name="Meera", email=address, user_type="prepaid", referral_code=code
                )

            await database.run(register)
    finally:
        await database.close()
    return people[0], people[1:]


async def ask_for_payments(site: Site) -> None:
    """What the clock does each minute, now; and the leases of the worker that died have run out."""
    with psycopg.connect(site.settings.postgres_url) as connection:
        connection.execute("UPDATE referral_rewards SET leased_until = NULL")
    database = Database(site.settings, name="asking")
    try:
        await database.run(lambda db: jobs.defer(db, PAY_JOB))
    finally:
        await database.close()


def states(site: Site, user_id: UUID) -> list[str]:
    query = "SELECT state FROM referral_rewards WHERE user_id = %s"
    return [str(state) for (state,) in rows(site, query, user_id)]


@pytest.mark.parametrize("point", ["reward.written", "reward.committed", "reward.paid"])
async def test_a_worker_killed_while_it_earns_or_pays_rewards_pays_each_once(site: Site, point: str) -> None:
    site.kill("worker")
    referrer, friends = await referrals(site)
    async with httpx.AsyncClient(timeout=10) as client:
        plan = await cheapest(site, client)
    for headers, body in zip(site.headers_of(friends), bodies(plan, FRIENDS), strict=True):
        answer = await recharge(site, headers, body, str(uuid4()))
        assert answer is not None
        assert answer.status_code == 201, answer.content
    site.start_process("worker", **{VARIABLE: point})
    process, end = site.processes["worker"], time.monotonic() + 90
    while process.poll() is None:
        assert time.monotonic() < end, f"nobody came to {point}"
        await asyncio.sleep(0.1)
    del site.processes["worker"]
    assert states(site, referrer).count("paid") == 0
    site.start_process("worker")
    await wait_for(lambda: "pending" not in states(site, referrer), 60)
    await ask_for_payments(site)
    await wait_for(lambda: states(site, referrer) == ["paid"] * FRIENDS, 60)
    query = "SELECT count(*), sum(amount) FROM transfers WHERE user_id = %s AND debit = 'referral'"
    assert rows(site, query, referrer) == [(FRIENDS, 5_000 * FRIENDS)]
    assert rows(site, "SELECT posted FROM wallets WHERE user_id = %s", referrer) == [
        (100_000 + 5_000 * FRIENDS,)
    ]
    assert await ledger_lines(site) == []
