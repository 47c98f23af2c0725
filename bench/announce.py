"""`python -m bench announce`: one announcement to a million customers, and its push messages.

The customers come in by COPY, each with the consent to news and an Android device. The announcement is sent as an admin sends it. From then on any of
them has it: random customers ask for their first page and their unread count at once. Then the workers hand out the push messages at the channel's
rate to a stand-in for the push service, which counts them; the memory of the largest worker is read each second, and how far it is and what it takes is said
twice a minute. All processes share the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID

import asyncpg
import httpx
import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from bench import servers
from bench.push_service import PushService, serving, token_of
from bench.world import PRODUCT, World, world
from gencharge.announcements import staff_service
from gencharge.announcements.staff_schemas import AnnouncementCreate, SendAnnouncement
from gencharge.api.main import create_app
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.vault.vault import Vault
from gencharge.devices.models import Address, DevicePlatform, device_id_of, sealed_address
from gencharge.sessions.tokens import Keyring, Principal

_BATCH: Final = 5_000
_READERS: Final = 200
_WARM_UP_SECONDS: Final = 5.0
# How often it says how far it is.
_SAID_SECONDS: Final = 30
_SWITCHES: Final = (
    "email_notification",
    "sms_notification",
    "marketing_communication",
    "recharge_reminders",
    "promotional_offers",
    "transactional_alerts",
    "data_analytics",
    "third_party_integrations",
)


def main(words: Sequence[str]) -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(prog="bench announce", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rate", type=int, default=2_000, help="push messages a second")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--seconds", type=float, default=600, help="of pushing, unless all have theirs before"
    )
    options = parser.parse_args(words)
    console = Console()
    if not console.is_terminal:
        console.width = 130
    with world() as bench_world:
        rows = uvloop.run(_run(console, bench_world, options))
    table = Table("what", "measured", title=f"an announcement to {options.customers:,} customers")
    for name, value in rows:
        table.add_row(name, value)
    console.print(table)


async def _run(console: Console, bench_world: World, options: argparse.Namespace) -> list[tuple[str, str]]:
    settings = bench_world.settings[PRODUCT].model_copy(
        update={"access_log": False, "log_level": "WARNING", "quiet_hours": ""}
    )
    app = create_app(settings)
    async with (
        serving(options.customers) as push,
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1") as client,
    ):
        stores: Stores = app.state.stores
        began = time.perf_counter()
        ids = await _customers(settings, stores, options.customers)
        console.print(f"{options.customers:,} customers made in {time.perf_counter() - began:.0f} s.")
        environment = bench_world.environment(PRODUCT) | {
            "QUIET_HOURS": "",
            "MOBILE_PUSHES_PER_SECOND": str(options.rate),
            "FCM_URL": push.url,
            "FCM_SERVICE_ACCOUNT": push.account(),
        }
        with ExitStack() as stack:
            pids = [
                stack.enter_context(servers.worker(bench_world.folder, environment, name=f"worker-{number}"))
                for number in range(options.workers)
            ]
            rows = await _announce(stores, client, ids)
            return rows + await _watch(stores, [psutil.Process(pid) for pid in pids], push, options)


async def _customers(settings: Settings, stores: Stores, count: int) -> list[UUID]:
    """Customers with consent and a device each, who signed up yesterday."""
    ids = [new_id() for _ in range(count)]
    yesterday = datetime.now(UTC) - timedelta(days=1)
    connection = await asyncpg.connect(settings.postgres_url)
    try:
        await connection.copy_records_to_table(
            "users",
            columns=["user_id", "phone_number", "referral_code", "registered_at"],
            records=(
                (user_id, f"+918{number:09d}", f"A{number:09d}", yesterday)
                for number, user_id in enumerate(ids)
            ),
        )
        await connection.copy_records_to_table(
            "user_preferences",
            columns=["user_id", *_SWITCHES],
            records=((user_id, *[True] * len(_SWITCHES)) for user_id in ids),
        )
        await connection.execute("VACUUM ANALYZE users, user_preferences")
    finally:
        await connection.close()
    vault, now = Vault.of_database(stores.database), datetime.now(UTC)
    devices = stores.documents["devices"]
    await devices.create_index([("owner_kind", 1), ("owner_id", 1), ("last_seen_at", -1)], name="owner")
    for start in range(0, count, _BATCH):
        documents = []
        for number, user_id in enumerate(ids[start : start + _BATCH], start):
            token = token_of(number)
            device_id = device_id_of(DevicePlatform.ANDROID, token)
            documents.append(
                {
                    "_id": device_id,
                    "owner_kind": "user",
                    "owner_id": user_id,
                    "platform": DevicePlatform.ANDROID.value,
                    "address": await sealed_address(vault, device_id, Address(token)),
                    "app_version": "1.0.0",
                    "language": "en",
                    "badge": 0,
                    "session_id": new_id(),
                    "registered_at": now,
                    "last_seen_at": now,
                }
            )
        await devices.insert_many(documents, ordered=False)
    return ids


async def _announce(stores: Stores, client: httpx.AsyncClient, ids: Sequence[UUID]) -> list[tuple[str, str]]:
    """Send it, and have random customers read it at once."""
    vault, admin = Vault.of_database(stores.database), Principal(new_id(), "admin", new_id())
    texts = {code: {"title": "Hello", "body": "To all of you."} for code in ("en", "hi")}
    body = {"audience": {"kind": "customers"}, "purpose": "service", "texts": texts, "channels": ["push"]}
    command = AnnouncementCreate.model_validate_json(json.dumps(body))
    announcement_id = await stores.database.run(
        lambda db: staff_service.create(db, stores.documents, vault, admin, command)
    )
    began = time.perf_counter()
    await stores.database.run(
        lambda db: staff_service.send(
            db, stores.documents, vault, stores.settings, admin, announcement_id, None, SendAnnouncement()
        )
    )
    sent = time.perf_counter() - began
    keyring, pages, wrong, first_page = Keyring(stores.settings), list[float](), 0, 0.0
    for user_id in random.sample(ids, min(_READERS, len(ids))):
        token = keyring.sign(Principal(user_id, "user", new_id()))
        headers = {"Authorization": f"Bearer {token}"}
        asked = time.perf_counter()
        page = (await client.get("/v1/notifications", headers=headers)).raise_for_status().json()
        pages.append(time.perf_counter() - asked)
        first_page = first_page or time.perf_counter() - began
        count = (await client.get("/v1/notifications/unread-count", headers=headers)).raise_for_status()
        has_it = [item["notification_id"] for item in page["items"]] == [str(announcement_id)]
        wrong += not (has_it and count.json()["unread_count"] == 1)
    ordered = sorted(pages)
    return [
        ("answer to the admin", f"{sent * 1000:.0f} ms"),
        ("from the request until a first page has it", f"{first_page * 1000:.0f} ms"),
        (
            f"first pages of {len(pages)} random customers right after it, the worker at work",
            f"p50 {ordered[len(ordered) // 2] * 1000:.1f} ms, p95 {ordered[int(len(ordered) * 0.95)] * 1000:.1f} ms",
        ),
        ("of these without it, or with another unread count than 1", str(wrong)),
    ]


async def _watch(
    stores: Stores, workers: Sequence[psutil.Process], push: PushService, options: argparse.Namespace
) -> list[tuple[str, str]]:
    """Let the workers push, and look each second at how far they are and at the memory of the largest one."""
    memory, counts, began, counted_after = list[float](), [push.total], time.monotonic(), 0.0
    cpu, already = _cpu_seconds(workers), push.total
    while time.monotonic() - began < options.seconds and push.reached < options.customers:
        await asyncio.sleep(1)
        memory.append(max(each.memory_info().rss for each in workers) / 1e6)
        counts.append(push.total)
        if not counted_after:
            document = await stores.documents["announcements"].find_one({}, {"counted": True})
            assert document is not None
            counted_after = time.monotonic() - began if document["counted"] else 0.0
        if len(memory) % _SAID_SECONDS == 0:
            each_ms = 1_000 * (_cpu_seconds(workers) - cpu) / max(1, push.total - already)
            print(
                f"{len(memory)} s: {push.total:,} pushes, {(push.total - already) / (time.monotonic() - began):,.0f} a second,"
                f" {memory[-1]:.0f} MB, {each_ms:.2f} ms of CPU each",
                flush=True,
            )
    seconds = time.monotonic() - began
    sent = push.total - already
    cpu_each = 1_000 * (_cpu_seconds(workers) - cpu) / max(1, sent)
    # The bucket begins full, and the last second is no whole one.
    rates = sorted(after - before for before, after in pairwise(counts[2:-1])) or [0]
    settled = memory[int(_WARM_UP_SECONDS) :] or memory
    half = len(settled) // 2 or 1
    return [
        ("devices that got their push message", f"{push.reached:,} in {seconds:.0f} s"),
        ("push messages that came twice", f"{push.total - push.reached:,}"),
        (
            "push messages a second",
            f"{sent / seconds:,.0f} on average, median {rates[len(rates) // 2]:,}, most {rates[-1]:,}, bound {options.rate:,}",
        ),
        ("the workers' CPU for each of them, the walk included", f"{cpu_each:.2f} ms"),
        ("everybody in the audience counted", f"after {counted_after:.0f} s" if counted_after else "not yet"),
        (
            "the memory of the largest worker, first half and second half",
            f"{max(settled[:half]):.0f} MB and {max(settled[half:] or settled):.0f} MB at most",
        ),
    ]


def _cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return float(sum(each.user + each.system for each in times))
