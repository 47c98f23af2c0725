"""Encrypting everything again for many customers, and while MongoDB is away for a moment."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from pymongo.errors import AutoReconnect, OperationFailure
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import DocumentsUnavailable
from gencharge.core.rooms import resealing
from gencharge.core.rooms.resealing import list_left, while_away
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.vault import tokens
from tests.core.test_data_keys import PARTS, clean, clear_notice, key_ids
from tests.stores_in_trouble import without_mongo

__all__ = ["clean"]
PROGRAM = """
from gencharge.core import loading; loading.begin()
import asyncio, resource
from gencharge import wiring
from gencharge.core.rooms import data_keys
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores

async def main():
    stores = Stores.open(Settings(_env_file=None))
    assert await data_keys.rotate(stores, wiring.SEALED_DOCUMENTS, print, settle_seconds=0)
    print(f"peak_kb={resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}")

asyncio.run(main())
"""


async def test_a_mongodb_that_is_away_for_a_moment_ends_no_rotation(clean: Stores) -> None:
    await clear_notice(clean)
    attempts = list[int]()

    async def work() -> int:
        attempts.append(1)
        if len(attempts) < 3:
            raise AutoReconnect("restarts")
        return await clean.documents["notices"].count_documents({})

    assert await while_away(work, pause_seconds=0.01) == 1
    async with without_mongo(clean) as away:
        count = partial(away.documents["notices"].count_documents, {})
        with pytest.raises(DocumentsUnavailable):
            await while_away(count, pause_seconds=0.01)
    wrong = partial(clean.documents["notices"].count_documents, {"$nothing": 1})
    with pytest.raises(OperationFailure):
        await while_away(wrong, pause_seconds=0.01)


async def test_documents_are_found_window_by_window(clean: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resealing, "WINDOW", 3)
    await fill(clean, 10)
    outcome = await resealing.reseal(clean, PARTS, batch=2)
    assert outcome.resealed["notices.content"] == 10
    assert await list_left(clean, PARTS) == []
    last = {"$set": {"content": "in clear again"}}
    newest = await clean.documents["notices"].find_one(sort=[("_id", -1)])
    assert newest is not None
    await clean.documents["notices"].update_one({"_id": newest["_id"]}, last)
    assert await list_left(clean, PARTS) == ["notices.content"]


def process_of(settings: Settings) -> dict[str, Any]:
    """How to start a rotation in a process of its own."""
    names = ("environment", "data_dir", "database_url", "mongo_url", "mongo_database", "redis_url")
    values = {name.upper(): str(getattr(settings, name)) for name in names}
    values["ENVIRONMENT"] = settings.environment.value
    inherited = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return {"args": [sys.executable, "-c", PROGRAM], "env": inherited | values}


def in_a_process(settings: Settings) -> subprocess.CompletedProcess[str]:
    """Rotate in a process of its own, to the end."""
    return subprocess.run(**process_of(settings), capture_output=True, text=True, timeout=1_800, check=False)


async def fill(stores: Stores, users: int) -> None:
    """Customers who signed in once and were sent a notice, as an earlier version stored that."""
    rows = text("""
        INSERT INTO sessions (user_id, session_id, kind, device, address, created_at, last_used_at, expires_at,
                              absolute_expires_at)
        SELECT gen_random_uuid(), gen_random_uuid(), 'user', 'Clear ' || number, '203.0.113.7', now(), now(),
               now() + interval '1 day', now() + interval '1 day'
        FROM generate_series(1, :count) AS number
    """)
    now = datetime.now(UTC)
    notice = {
        "recipient_kind": "user", "type": "transactional", "kind": "plan_recharged", "created_at": now, "viewed_at": None,
        "title": "Recharge successful", "body": "Asha's number", "data": {"amount_paise": 100}, "deleted_at": None,
    }  # fmt: skip
    for start in range(0, users, 10_000):
        batch = range(start, min(users, start + 10_000))
        await stores.database.run(partial(AsyncSession.execute, statement=rows, params={"count": len(batch)}))
        await stores.documents["notices"].insert_many(
            [{**notice, "_id": new_id(), "recipient_id": new_id(), "event_id": new_id()} for _ in batch]
        )


async def under_the_present_key(stores: Stores) -> int:
    prefix = tokens.prefix_of((await key_ids(stores))[-1])
    query = text("SELECT count(*) FROM sessions WHERE starts_with(device, :prefix)")
    async with stores.database.transaction() as db:
        return int((await db.execute(query, {"prefix": prefix})).scalar_one())


@pytest.mark.soak
async def test_a_rotation_for_a_hundred_thousand_customers_is_killed_goes_on_and_needs_no_more_memory(
    clean: Stores,
) -> None:
    users = int(os.environ.get("ROTATED_USERS", "100000"))
    run = partial(in_a_process, clean.settings)

    def report(name: str, started: float, run: subprocess.CompletedProcess[str]) -> int:
        assert run.returncode == 0, run.stderr
        peak_kb = int(run.stdout.rpartition("peak_kb=")[2])
        sys.stdout.write(f"{name}: {time.monotonic() - started:.0f} s, peak {peak_kb / 1024:.0f} MB\n")
        return peak_kb

    await fill(clean, users // 100)
    small_kb = report(f"{users // 100} customers", time.monotonic(), await asyncio.to_thread(run))
    await fill(clean, users - users // 100)
    report(f"{users} customers, most of it in clear", time.monotonic(), await asyncio.to_thread(run))
    first = (await key_ids(clean))[-1]
    started = time.monotonic()
    rotation = subprocess.Popen(**process_of(clean.settings), stdout=subprocess.DEVNULL)
    async with asyncio.timeout(900):
        while (await key_ids(clean))[-1] == first or await under_the_present_key(clean) < users // 3:
            await asyncio.sleep(0.2)
    rotation.kill()
    assert rotation.wait() == -signal.SIGKILL
    done = await under_the_present_key(clean)
    assert users // 3 <= done < users
    sys.stdout.write(f"killed after {time.monotonic() - started:.0f} s with {done} devices encrypted again\n")
    started = time.monotonic()
    again = await asyncio.to_thread(run)
    large_kb = report("the rest", started, again)
    assert f"  sessions.device: {users - done}\n" in again.stdout
    assert f"  notices.content: {users}\n" in again.stdout
    assert await under_the_present_key(clean) == users
    assert await list_left(clean, PARTS) == []
    assert large_kb < small_kb + 20 * 1024
