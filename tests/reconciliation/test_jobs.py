"""The daily job and the jobs that the staff start."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from gencharge.core.values import clock
from gencharge.reconciliation import jobs, runs_service
from gencharge.reconciliation.models import (
    ReconciliationRun,
)
from tests.make.reconciliation import (
    FIRST,
    SECOND,
    OpenContext,
    Shop,
)


async def test_the_daily_job_repeats_failed_runs_and_does_the_others_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.sell(1)
    shop.outside.script(FIRST, "submit", "decline")
    await shop.sell(1)
    shop.outside.control("DELETE", "/sandbox/scripts")
    monkeypatch.setattr(runs_service, "CounterpartyContext", lambda _stores: OpenContext(shop.context))
    shop.outside.script(FIRST, "statement", "server_error_before")
    with clock.later(days=1):
        await jobs.reconcile_days(shop.stores)
        day = runs_service.yesterday()
        assert await _statuses(shop, day) == {
            FIRST: ["failed"],
            SECOND: ["matched"],
            "gateway:razorpay": ["matched"],
        }
        await jobs.reconcile_days(shop.stores)
        shop.outside.control("DELETE", "/sandbox/scripts")
        await jobs.reconcile_days(shop.stores)
        await jobs.reconcile_days(shop.stores)
        assert await _statuses(shop, day) == {
            FIRST: ["failed", "failed", "matched"],
            SECOND: ["matched"],
            "gateway:razorpay": ["matched"],
        }
    failed = await shop.entries("reconciliation_finished", **{"details.status": "failed"})
    assert "503" in failed[-1]["details"]["error"] or "answered" in failed[-1]["details"]["error"]
    assert await shop.clean() == []


async def _statuses(shop: Shop, day: date) -> dict[str, list[str]]:
    statuses: dict[str, list[str]] = {}
    async with shop.stores.database.transaction() as db:
        query = select(ReconciliationRun).where(ReconciliationRun.day == day)
        for run in await db.scalars(query.order_by(ReconciliationRun.run_id)):
            statuses.setdefault(run.counterparty, []).append(run.status)
    return statuses
