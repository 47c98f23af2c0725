"""`python -m bench inbox`: how fast a page of an inbox is, and the count of unread notices.

One customer gets so many notices, encrypted as in production; half of them are read: the newer ones, so that a list of unread ones has to get past them. Announcements to all customers stand between them, each
viewed by some of so many other readers. Each page is asked over the application's own HTTP
layer, in this process, one request at a time: the first one, some behind it by their cursors, unread ones alone, and the count.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import httpx
from rich.console import Console
from rich.table import Table

from bench.world import PRODUCT, world
from gencharge.announcements import staff_service
from gencharge.announcements.staff_schemas import AnnouncementCreate, SendAnnouncement
from gencharge.api.main import create_app
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.core.vault.vault import Vault
from gencharge.notifications import crud, writing_service
from gencharge.notifications.kinds import Draft
from gencharge.notifications.recharge_notices import PLAN_RECHARGED
from gencharge.notifications.writing_service import Entry
from gencharge.sessions.tokens import Keyring, Principal

GOAL_MS: Final = 20.0
_BATCH: Final = 500
_FOLLOWED: Final = 20
_VIEWS: Final = 20_000


def main(words: Sequence[str]) -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(prog="bench inbox", description=__doc__)
    parser.add_argument("--notices", type=int, default=10_000)
    parser.add_argument("--announcements", type=int, default=50, help="to all customers")
    parser.add_argument("--readers", type=int, default=1_000_000, help="who viewed an announcement each")
    parser.add_argument("--requests", type=int, default=200, help="of each kind")
    options = parser.parse_args(words)
    console = Console()
    with world() as bench_world:
        quiet = {"access_log": False, "log_level": "WARNING"}
        settings = bench_world.settings[PRODUCT].model_copy(update=quiet)
        customer = bench_world.customers[0].user_id
        asyncio.run(_run(console, settings, Recipient("user", customer), options))


async def _run(console: Console, settings: Settings, owner: Recipient, options: argparse.Namespace) -> None:
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1") as client,
    ):
        seconds = await _fill(app.state.stores, owner, options.notices)
        console.print(f"{options.notices:,} notices written in {seconds:.0f} s.")
        seconds = await _announce(app.state.stores, options.announcements, options.readers)
        console.print(
            f"{options.announcements:,} announcements sent, and viewed by {options.readers:,} others, in {seconds:.0f} s."
        )
        token = Keyring(settings).sign(Principal(owner.id, "user", new_id()))
        headers = {"Authorization": f"Bearer {token}"}
        table = Table("request", "p50", "p95", "p99", "goal at p95", title="milliseconds")
        for name, path in (
            ("the first page of 20", "/v1/notifications"),
            ("the first page of 100", "/v1/notifications?limit=100"),
            ("unread ones", "/v1/notifications?unread=true"),
            ("viewed ones", "/v1/notifications?unread=false"),
            ("a type that there is none of", "/v1/notifications?type=reminder"),
            ("unread ones of that type", "/v1/notifications?type=reminder&unread=true"),
            ("the first page and its total", "/v1/notifications?include_total=true"),
            ("count", "/v1/notifications/unread-count"),
        ):
            times = [await _ask(client, headers, path) for _ in range(options.requests)]
            _add_row(table, name, [milliseconds for milliseconds, _ in times])
        _add_row(table, "pages behind it", await _follow(client, headers, options.requests))
        console.print(table)


async def _fill(stores: Stores, owner: Recipient, notices: int) -> float:
    """Write the notices over the last year, and mark half of them as read; how long it took, in seconds."""
    began, now = time.perf_counter(), clock.now()
    for start in range(0, notices, _BATCH):
        entries = [
            Entry(
                new_id(),
                now - timedelta(days=365) * random.random(),
                Draft(owner, PLAN_RECHARGED, PLAN_RECHARGED.samples()),
            )
            for _ in range(min(_BATCH, notices - start))
        ]
        await writing_service.write(stores, entries)
    middle = now - timedelta(days=182)
    await stores.documents[crud.COLLECTION].update_many(
        {"recipient_id": owner.id, "created_at": {"$gt": middle}}, {"$set": {"viewed_at": now}}
    )
    return time.perf_counter() - began


async def _announce(stores: Stores, announcements: int, readers: int) -> float:
    """Send announcements to all customers, and note views of other readers; how long it took, in seconds."""
    began, vault, admin = (
        time.perf_counter(),
        Vault.of_database(stores.database),
        Principal(new_id(), "admin", new_id()),
    )
    texts = {code: {"title": "Hello", "body": "To all of you."} for code in ("en", "hi")}
    body = {"audience": {"kind": "customers"}, "purpose": "service", "texts": texts}
    command, ids = AnnouncementCreate.model_validate_json(json.dumps(body)), list[UUID]()
    for _ in range(announcements):
        own = await stores.database.run(
            lambda db: staff_service.create(db, stores.documents, vault, admin, command)
        )
        ids.append(own)
        await stores.database.run(
            lambda db, own=own: staff_service.send(
                db, stores.documents, vault, stores.settings, admin, own, None, SendAnnouncement()
            )
        )
    now, views = clock.now(), stores.documents["announcement_views"]
    await views.create_index([("recipient_kind", 1), ("recipient_id", 1)], name="recipient")
    await views.create_index([("announcement_id", 1), ("viewed_at", 1)], name="announcement")
    for start in range(0, readers if ids else 0, _VIEWS):
        await views.insert_many(
            [
                {
                    "_id": new_id(),
                    "announcement_id": ids[number % len(ids)],
                    "recipient_kind": "user",
                    "recipient_id": new_id(),
                    "viewed_at": now,
                }
                for number in range(start, min(start + _VIEWS, readers))
            ],
            ordered=False,
        )
    return time.perf_counter() - began


async def _ask(client: httpx.AsyncClient, headers: dict[str, str], path: str) -> tuple[float, str | None]:
    began = time.perf_counter()
    answer = await client.get(path, headers=headers)
    milliseconds = (time.perf_counter() - began) * 1000
    if answer.is_error:
        raise RuntimeError(answer.text)
    return milliseconds, answer.json().get("next_cursor")


async def _follow(client: httpx.AsyncClient, headers: dict[str, str], requests: int) -> list[float]:
    times: list[float] = []
    while len(times) < requests:
        path = "/v1/notifications"
        for _ in range(_FOLLOWED):
            milliseconds, cursor = await _ask(client, headers, path)
            times.append(milliseconds)
            if cursor is None:
                break
            path = f"/v1/notifications?cursor={cursor}"
    return times


def _add_row(table: Table, name: str, times: list[float]) -> None:
    ordered = sorted(times)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

    verdict = "reached" if at(0.95) < GOAL_MS else "missed"
    table.add_row(name, *(f"{at(share):.1f}" for share in (0.5, 0.95, 0.99)), f"{GOAL_MS:.0f}: {verdict}")
