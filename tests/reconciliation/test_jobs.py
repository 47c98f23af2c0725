"""The daily job and the jobs that the staff start."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from gencharge.core.errors import DatabaseUnavailable
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
    reload,
    sell_with_fault,
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


async def test_the_daily_job_reconciles_the_last_three_days_and_not_today(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_service, "CounterpartyContext", lambda _stores: OpenContext(shop.context))
    await jobs.reconcile_days(shop.stores)
    for back, expected in ((0, {}), (1, ["matched"]), (2, ["matched"]), (3, ["matched"]), (4, {})):
        statuses = await _statuses(shop, runs_service.today() - timedelta(days=back))
        assert statuses == ({"gateway:razorpay": expected} if expected else {})


async def test_an_error_of_one_counterparty_does_not_stop_the_others(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_service, "CounterpartyContext", lambda _stores: OpenContext(shop.context))
    execute = runs_service.execute

    async def fail_once(context: runs_service.CounterpartyContext, run_id: UUID) -> ReconciliationRun:
        monkeypatch.setattr(runs_service, "execute", execute)
        raise RuntimeError("a defect")

    monkeypatch.setattr(runs_service, "execute", fail_once)
    await jobs.reconcile_days(shop.stores)
    days = [runs_service.today() - timedelta(days=back) for back in (3, 2, 1)]
    statuses = [(await _statuses(shop, day))["gateway:razorpay"] for day in days]
    assert statuses == [["running"], ["matched"], ["matched"]]
    await jobs.reconcile_days(shop.stores)
    assert (await _statuses(shop, days[0]))["gateway:razorpay"] == ["running", "matched"]


async def test_an_outage_of_our_own_stops_the_job_so_that_it_is_repeated(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_service, "CounterpartyContext", lambda _stores: OpenContext(shop.context))

    async def unavailable(context: runs_service.CounterpartyContext, run_id: UUID) -> ReconciliationRun:
        raise DatabaseUnavailable

    monkeypatch.setattr(runs_service, "execute", unavailable)
    with pytest.raises(DatabaseUnavailable):
        await jobs.reconcile_days(shop.stores)


async def test_the_jobs_of_the_staff_execute_the_run_and_ask_about_the_difference(shop: Shop) -> None:
    difference = await sell_with_fault(shop)
    await jobs.ask(shop.stores, str(difference.run_id), str(difference.difference_id))
    assert (await reload(shop, difference)).detail["answer"] == "delivered"
    run_id = await shop.stores.database.run(lambda db: runs_service.begin(db, FIRST, runs_service.today()))
    await jobs.run(shop.stores, str(run_id))
    assert (await _statuses(shop, runs_service.today()))[FIRST][-1] == "differences"
