"""Workers that are killed while they run autopays: each due date is charged exactly once, and the books balance."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from uuid import UUID

import httpx
import psycopg
import pytest

from gencharge.core.faultpoints import VARIABLE
from gencharge.core.values.ids import new_id
from tests.faults.customers import admit
from tests.faults.site import Site
from tests.faults.test_faults import cheapest, ledger_lines, new_number, rows, wait_for

# Beside another worker there is no port for its figures.
_NO_PORT = {"WORKER_METRICS_PORT": "0"}
# The tests run at any hour.
_NO_PEAK = {"MANDATE_PEAK_HOURS": "[]"}


async def set_up(site: Site, count: int) -> list[UUID]:
    """Customers with Rs 1,000 each, whose autopays are due now: their ids."""
    async with httpx.AsyncClient(timeout=10) as client:
        plan = await cheapest(site, client)
    owners, now = [new_id() for _ in range(count)], datetime.now(UTC)
    with psycopg.connect(site.settings.postgres_url) as connection:
        for owner in owners:
            number = new_number()
            admit(connection, owner, number, "JIO", 100_000)
            connection.execute(
                "INSERT INTO autopays (user_id, autopay_id, phone_number, plan_id, plan_name, operator, tag, status,"
                " payment_method, source, price, max_amount, interval_count, interval_unit, first_due, next_due,"
                " noticed_due, wake_at)"
                " SELECT %(user)s, %(id)s, %(number)s, plan_id, name, operator, 'regular', 'active', 'wallet', 'app',"
                " price_paise, price_paise, 28, 'day', %(now)s, %(now)s, %(now)s, %(now)s"
                " FROM plans WHERE plan_id = %(plan)s",
                {"user": owner, "id": new_id(), "number": number, "now": now, "plan": plan},
            )
    return owners


def succeeded(site: Site, owners: list[UUID]) -> int:
    query = "SELECT count(*) FROM autopay_attempts WHERE user_id = ANY(%s) AND outcome = 'succeeded'"
    return int(rows(site, query, owners)[0][0])


def end_leases(site: Site) -> None:
    """The leases of a worker that died run out; those of a live one, too, which must do no harm."""
    with psycopg.connect(site.settings.postgres_url) as connection:
        connection.execute("UPDATE autopays SET leased_until = NULL")


async def assert_each_was_charged_once(site: Site, owners: list[UUID]) -> None:
    sales = rows(
        site, "SELECT user_id, count(*) FROM recharges WHERE user_id = ANY(%s) GROUP BY user_id", owners
    )
    assert {count for _, count in sales} == {1}
    assert len(sales) == len(owners)
    paid = rows(
        site,
        "SELECT count(*) FROM transfers WHERE user_id = ANY(%s) AND debit = 'user:main'",
        owners,
    )
    assert paid == [(len(owners),)]
    moved = (
        "SELECT count(*) FROM autopays WHERE user_id = ANY(%s) AND next_due = first_due + interval '28 days'"
    )
    assert rows(site, moved, owners) == [(len(owners),)], "the due date has moved once"
    assert await ledger_lines(site) == []


@pytest.mark.parametrize("point", ["autopay.sold:8", "autopay.settled:8"])
async def test_a_worker_killed_between_the_sale_and_its_note_charges_nothing_twice(
    site: Site, point: str
) -> None:
    site.kill("worker")
    owners = await set_up(site, 24)
    site.start_process("worker", **{VARIABLE: point})
    process, end = site.processes["worker"], time.monotonic() + 90
    while process.poll() is None:
        assert time.monotonic() < end, f"nobody came to {point}"
        await asyncio.sleep(0.1)
    del site.processes["worker"]
    assert succeeded(site, owners) < len(owners)
    end_leases(site)
    site.start_process("worker")
    await wait_for(lambda: succeeded(site, owners) == len(owners), 90)
    await assert_each_was_charged_once(site, owners)


async def approve_mandate(site: Site) -> tuple[UUID, str, str]:
    """A customer with a rupee, their number, and the id of a mandate that they have approved."""
    if "sandbox" not in site.processes:
        site.start_sandbox()
    if "worker" not in site.processes:
        site.start_process("worker")
    async with httpx.AsyncClient(timeout=20) as client:
        owner, number = new_id(), new_number()
        with psycopg.connect(site.settings.postgres_url) as connection:
            admit(connection, owner, number, "JIO", 100)
        headers = site.headers_of([owner])[0] | {"Idempotency-Key": "mandate"}
        body = {"payment_method": "upi", "max_amount": 15_000}
        created = await client.post(f"{site.url}/v1/mandates", json=body, headers=headers)
        assert created.status_code == 201, created.text
        paid = await client.post(
            f"{site.sandbox_url}/sandbox/orders/{created.json()['order_id']}/pay", json={}
        )
        assert paid.status_code == 200, paid.text
    mandate = created.json()["mandate_id"]
    await wait_for(
        lambda: rows(site, "SELECT status FROM mandates WHERE mandate_id = %s", mandate) == [("active",)], 90
    )
    return owner, number, mandate


async def set_up_with_mandate(site: Site) -> UUID:
    """A customer without money who has approved a mandate; the autopay on it was announced a day ago and is due now."""
    owner, number, mandate = await approve_mandate(site)
    async with httpx.AsyncClient(timeout=20) as client:
        plan = await cheapest(site, client)
    now = datetime.now(UTC)
    site.kill("worker")
    with psycopg.connect(site.settings.postgres_url) as connection:
        connection.execute(
            "INSERT INTO autopays (user_id, autopay_id, phone_number, plan_id, plan_name, operator, tag, status,"
            " payment_method, mandate_id, source, price, max_amount, interval_count, interval_unit, first_due, next_due,"
            " noticed_due, noticed_at, noticed_price, wake_at)"
            " SELECT %(user)s, %(id)s, %(number)s, plan_id, name, operator, 'regular', 'active', 'mandate', %(mandate)s, 'app',"
            " price_paise, price_paise, 28, 'day', %(now)s, %(now)s, %(now)s, %(now)s - interval '1 day', price_paise, %(now)s"
            " FROM plans WHERE plan_id = %(plan)s",
            {"user": owner, "id": new_id(), "number": number, "now": now, "plan": plan, "mandate": mandate},
        )
    return owner


@pytest.mark.parametrize(
    "point", ["order.committed", "autopay.ordered", "charge.committed", "charge.asked", "autopay.charged"]
)
async def test_a_worker_killed_at_any_step_of_a_debit_debits_once(site: Site, point: str) -> None:
    owner = await set_up_with_mandate(site)
    site.start_process("worker", **_NO_PEAK, **{VARIABLE: f"{point}:1"})
    process, end = site.processes["worker"], time.monotonic() + 90
    while process.poll() is None:
        assert time.monotonic() < end, f"nobody came to {point}"
        await asyncio.sleep(0.1)
    del site.processes["worker"]
    # The gateway was never asked: half an hour later the payment is abandoned, and two hours later it is tried again.
    if point == "charge.committed":
        with psycopg.connect(site.settings.postgres_url) as connection:
            connection.execute(
                "UPDATE payments SET created_at = now() - interval '31 minutes', next_check_at = now() WHERE user_id = %s"
                " AND charged_at IS NOT NULL",
                (owner,),
            )
    end_leases(site)
    site.start_process("worker", **_NO_PEAK)
    await wait_for(lambda: _ended(site, owner) or _hurry(site, owner), 120)
    assert rows(
        site, "SELECT count(*) FROM recharges WHERE user_id = %s AND status = 'delivered'", owner
    ) == [(1,)]
    debits = (
        "SELECT count(*) FROM payments WHERE user_id = %s AND purpose = 'recharge' AND status = 'captured'"
    )
    assert rows(site, debits, owner) == [(1,)]
    assert await ledger_lines(site) == []


def _ended(site: Site, owner: UUID) -> bool:
    return succeeded(site, [owner]) == 1


def _hurry(site: Site, owner: UUID) -> bool:
    """What is to be looked at later is looked at now. Never true."""
    with psycopg.connect(site.settings.postgres_url) as connection:
        connection.execute(
            "UPDATE autopays SET wake_at = now() WHERE user_id = %s AND wake_at > now()", (owner,)
        )
    return False


async def kill_one_of_two_workers(site: Site, count: int) -> None:
    """Two workers run `count` autopays; one is killed when a third of them is done."""
    site.kill("worker")
    owners = await set_up(site, count)
    site.start_process("worker", **_NO_PORT)
    site.processes["other"] = site.processes.pop("worker")
    site.start_process("worker", **_NO_PORT)
    await wait_for(lambda: succeeded(site, owners) >= count // 3, 120)
    site.kill("other")
    end_leases(site)
    await wait_for(lambda: succeeded(site, owners) == count, 300)
    await assert_each_was_charged_once(site, owners)


async def test_sixty_due_autopays_two_workers_one_killed_each_is_charged_once(site: Site) -> None:
    await kill_one_of_two_workers(site, 60)


@pytest.mark.soak
async def test_a_thousand_due_autopays_two_workers_one_killed_each_is_charged_once(site: Site) -> None:
    await kill_one_of_two_workers(site, 1_000)


async def set_up_topup(site: Site) -> UUID:
    """A customer with a rupee whose wallet is to be filled up by a mandate; that was announced a day ago and is due now."""
    owner, _, mandate = await approve_mandate(site)
    site.kill("worker")
    with psycopg.connect(site.settings.postgres_url) as connection:
        connection.execute(
            "INSERT INTO auto_topups (user_id, threshold, amount, monthly_max, mandate_id, source, status, charge_at, wake_at)"
            " VALUES (%s, 10000, 30000, 100000, %s, 'app', 'active', now(), now())",
            (owner, mandate),
        )
    return owner


# The marked steps are the payments' own: above, a worker is killed there in a debit.
@pytest.mark.parametrize(
    "point",
    [
        "topup.ordered",
        "topup.settled",
        "topup.charged",
        *(pytest.param(point, marks=pytest.mark.soak) for point in ("order.committed", "charge.asked")),
    ],
)
async def test_a_worker_killed_at_any_step_of_a_top_up_charges_once(site: Site, point: str) -> None:
    owner = await set_up_topup(site)
    site.start_process("worker", **_NO_PEAK, **{VARIABLE: f"{point}:1"})
    process, end = site.processes["worker"], time.monotonic() + 90
    while process.poll() is None:
        assert time.monotonic() < end, f"nobody came to {point}"
        await asyncio.sleep(0.1)
    del site.processes["worker"]
    succeeded = "SELECT count(*) FROM auto_topup_charges WHERE user_id = %s AND outcome = 'succeeded'"
    with psycopg.connect(site.settings.postgres_url) as connection:
        connection.execute(
            "UPDATE auto_topups SET leased_until = NULL, wake_at = now() WHERE user_id = %s", (owner,)
        )
    site.start_process("worker", **_NO_PEAK)
    await wait_for(lambda: rows(site, succeeded, owner) == [(1,)] or _look_soon(site, owner), 120)
    charges = (
        "SELECT count(*) FROM payments WHERE user_id = %s AND mandate_id IS NOT NULL AND status = 'captured'"
    )
    assert rows(site, charges, owner) == [(1,)]
    assert rows(site, "SELECT posted FROM wallets WHERE user_id = %s", owner) == [(30_200,)]
    assert await ledger_lines(site) == []


def _look_soon(site: Site, owner: UUID) -> bool:
    """What is to be looked at later is looked at now. Never true."""
    with psycopg.connect(site.settings.postgres_url) as connection:
        connection.execute(
            "UPDATE auto_topups SET wake_at = now() WHERE user_id = %s AND wake_at > now()", (owner,)
        )
    return False
