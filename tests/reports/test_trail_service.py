"""The audit trail and a customer's transactions as rows."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.events.relay import Relay
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.backups import make_backup
from tests.make.factories import new_client
from tests.make.reports import file_of, order_of, rows_of
from tests.make.staff_client import StaffClient


async def test_the_trail_comes_out_whole_oldest_first_with_its_filters(
    app: FastAPI, shop: Stores, relay: Relay
) -> None:
    async with new_client(app) as client:
        staff = await StaffClient.open(app, client)
        before = clock.now()
        for name in ("First", "Second"):
            answer: httpx.Response = await staff.ask("PATCH", "/admins/me", {"name": name})
            assert answer.is_success, answer.text
    await relay.drain()
    rows = await rows_of(shop, "audit", actor_id=str(staff.admin.admin_id))
    times = [row["occurred_at"] for row in rows]
    assert times == sorted(times)
    assert len(rows) >= 2
    assert {row["actor_id"].lstrip("'") for row in rows} == {str(staff.admin.admin_id)}
    later = await rows_of(shop, "audit", actor_id=str(staff.admin.admin_id), **{"to": before.isoformat()})
    assert len(later) < len(rows)
    assert await rows_of(shop, "audit", actor_id=str(staff.admin.admin_id), action="plan_updated") == []
    chosen = await rows_of(shop, "audit", actor_id=str(staff.admin.admin_id), columns="result,action")
    assert list(chosen[0]) == ["result", "action"]
    assert chosen[0]["action"] == rows[0]["action"]
    in_words = await rows_of(shop, "audit", actor_id=str(staff.admin.admin_id), headings="words")
    assert len(in_words) == len(rows)


@pytest.mark.parametrize("file_format", ["csv", "json", "xlsx", "pdf", "parquet"])
async def test_a_backup_that_was_made_comes_in_every_format(
    shop: Stores, settings: Settings, file_format: str
) -> None:
    backup_id = await make_backup(settings, tables=["plans"])
    assert await file_of(shop, order_of(shop, "backups", file_format))
    seconds = {row["backup"]: row["duration_seconds"] for row in await rows_of(shop, "backups")}
    assert seconds[backup_id].isdigit()
