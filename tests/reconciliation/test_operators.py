"""Operators' statements against our books: clean days, and every fault that a statement can show."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from gencharge.core.values import clock
from gencharge.recharge import service as recharge
from gencharge.recharge.models import PaymentState
from gencharge.reconciliation import jobs, runs_service
from gencharge.reconciliation.models import DifferenceKind, DifferenceResolution, ReconciliationRun
from gencharge.reconciliation.statements_service import Statement
from tests.reconciliation.conftest import FIRST, SECOND, Shop


async def test_a_clean_day_of_fifty_recharges_over_two_channels_fits_to_the_paisa(shop: Shop) -> None:
    await shop.sell(30)
    shop.outside.script(FIRST, "submit", "decline")
    await shop.sell(20)
    first, second = await shop.match(FIRST), await shop.match(SECOND)
    assert (first.status, first.rows_theirs, first.rows_ours, first.matched) == ("matched", 30, 30, 30)
    assert (second.status, second.rows_theirs, second.matched, second.difference_paise) == (
        "matched",
        20,
        20,
        0,
    )
    assert first.theirs_paise == first.ours_paise == 30 * 29_900
    assert first.charges_paise == 30 * 897
    assert first.statement_sha256
    told = await shop.entries("reconciliation_finished")
    assert [entry["details"]["matched"] for entry in told[-2:]] == [30, 20]
    assert await shop.clean() == []


@pytest.mark.parametrize(
    ("script", "kind", "paise", "proposed"),
    [
        ("missing_row", DifferenceKind.MISSING_AT_THEIRS, -29_900, DifferenceResolution.ASK_OPERATOR_AGAIN),
        ("wrong_amount", DifferenceKind.AMOUNT_DIFFERS, 100, DifferenceResolution.CLAIM_FROM_COUNTERPARTY),
        ("extra_row", DifferenceKind.EXTRA_ROW, 29_900, DifferenceResolution.CLAIM_FROM_COUNTERPARTY),
    ],
)
async def test_a_fault_of_the_statement_is_found_with_its_paise_and_a_proposal(
    shop: Shop, script: str, kind: DifferenceKind, paise: int, proposed: DifferenceResolution
) -> None:
    await shop.sell(3)
    one = (await shop.sold[1].attempt()).reference
    shop.outside.script(FIRST, "statement", script, match={"reference": one})
    run = await shop.match()
    found = await shop.only(run)
    assert (run.status, run.differences, run.difference_paise) == ("differences", 1, paise)
    assert (found.kind, found.proposed_resolution) == (kind, proposed)
    assert found.reference == (f"unknown-{one}" if script == "extra_row" else one)
    assert (found.theirs_paise or 0) - (found.ours_paise or 0) == paise
    if script != "extra_row":
        assert (found.user_id, found.recharge_id) == (shop.sold[1].user_id, shop.sold[1].id)
    assert await shop.clean() == []


async def test_a_commission_of_another_rate_is_a_difference_though_the_amounts_fit(shop: Shop) -> None:
    shop.outside.control("PUT", f"/sandbox/operators/{FIRST}", {"commission_basis_points": 250})
    await shop.sell(1)
    run = await shop.match()
    found = await shop.only(run)
    assert (found.kind, run.difference_paise) == (DifferenceKind.COMMISSION_DIFFERS, 0)
    assert (found.detail["ours_charges_paise"], found.detail["theirs_charges_paise"]) == (897, 747)
    assert found.proposed_resolution == DifferenceResolution.CLAIM_FROM_COUNTERPARTY


async def test_a_success_that_we_never_heard_of_is_to_be_settled(shop: Shop) -> None:
    shop.outside.script(FIRST, "submit", "server_error_after", times=1)
    shop.outside.script(FIRST, "status", "server_error_before")
    [lost] = await shop.sell(1)
    assert (await lost.recharge()).status == PaymentState.UNKNOWN
    run = await shop.match()
    found = await shop.only(run)
    assert (found.kind, found.proposed_resolution) == (
        DifferenceKind.STATUS_DIFFERS,
        DifferenceResolution.SETTLE_DELIVERED,
    )
    assert (found.ours_paise, found.theirs_paise, run.difference_paise) == (None, 29_900, 29_900)


async def test_what_was_given_up_and_yet_delivered_is_a_dispute(shop: Shop) -> None:
    shop.outside.script(FIRST, "submit", "server_error_after", times=1)
    shop.outside.script(FIRST, "status", "server_error_before")
    [lost] = await shop.sell(1)
    await shop.stores.database.run(lambda db: recharge.fail(db, lost.user_id, lost.id, reason="by_hand"))
    found = await shop.only(await shop.match())
    assert (found.kind, found.proposed_resolution) == (
        DifferenceKind.MISSING_AT_OURS,
        DifferenceResolution.WRITE_OFF,
    )
    assert found.detail["refused"] is False


async def test_what_their_file_lists_twice_counts_once(shop: Shop) -> None:
    await shop.sell(2)
    statement = await shop.context.statement(FIRST, runs_service.today())
    doubled = Statement((*statement.rows, statement.rows[0]), (), "")
    run = await shop.match(file=doubled)
    found = await shop.only(run)
    assert (found.kind, found.ours_paise, found.theirs_paise) == (
        DifferenceKind.DUPLICATE_AT_THEIRS,
        None,
        29_900,
    )
    assert (run.rows_theirs, run.matched, run.difference_paise) == (3, 2, 29_900)


@pytest.mark.parametrize("hours", [-24, 24])
async def test_around_midnight_a_reference_counts_on_the_day_of_the_statement(shop: Shop, hours: int) -> None:
    """We book it on the day before, or after, as near midnight."""
    booked = clock.start_of_day(runs_service.today() + timedelta(days=hours > 0))
    with clock.at(booked + timedelta(seconds=3 if hours > 0 else -3)):
        await shop.sell(2)
    beside = runs_service.today() + timedelta(days=1 if hours > 0 else -1)
    theirs = await shop.match()
    assert (theirs.status, theirs.matched, theirs.rows_ours, theirs.difference_paise) == ("matched", 2, 2, 0)
    assert theirs.carried_paise == 2 * 29_900
    with clock.later(days=3):
        ours = await shop.match(back=(runs_service.today() - beside).days)
    assert (ours.day, ours.status, ours.rows_theirs, ours.rows_ours) == (beside, "matched", 0, 0)
    assert ours.carried_paise == -2 * 29_900
    assert await shop.clean() == []


async def test_what_was_settled_days_later_is_missing_on_neither_day(shop: Shop) -> None:
    shop.outside.script(FIRST, "submit", "server_error_after", times=1)
    shop.outside.script(FIRST, "status", "server_error_before")
    await shop.sell(1)
    assert (await shop.match()).differences == 1
    shop.outside.control("DELETE", "/sandbox/scripts")
    with clock.later(days=3):
        await shop.dispatcher.drain()
        assert (await shop.sold[0].recharge()).status == "delivered"
        late = await shop.match()
        again = await shop.match(back=3)
    assert (late.status, late.rows_ours, late.carried_paise) == ("matched", 0, -29_900)
    assert (again.status, again.matched, again.difference_paise) == ("matched", 1, 0)
    assert await shop.clean() == []


async def test_a_later_run_of_the_day_takes_the_place_of_the_earlier_one(shop: Shop) -> None:
    await shop.sell(2)
    shop.outside.script(FIRST, "statement", "missing_row", times=1)
    first = await shop.match()
    shop.outside.script(FIRST, "statement", "missing_row", times=1)
    second = await shop.match()
    [old], [new] = await shop.differences(first), await shop.differences(second)
    assert (old.status, new.status) == ("superseded", "open")
    assert (old.difference_id == new.difference_id) == (old.reference == new.reference)
    third = await shop.match()
    assert (third.status, third.superseded_at) == ("matched", None)
    [new] = await shop.differences(second)
    assert new.status == "superseded"
    assert await shop.clean() == []


async def test_of_runs_side_by_side_one_counts_and_its_differences_are_the_open_ones(shop: Shop) -> None:
    await shop.sell(2)
    one = (await shop.sold[0].attempt()).reference
    shop.outside.script(FIRST, "statement", "missing_row", match={"reference": one})
    runs = await asyncio.gather(*(shop.match() for _ in range(6)))
    async with shop.stores.database.transaction() as db:
        rows = list(
            await db.scalars(select(ReconciliationRun).where(ReconciliationRun.status == "differences"))
        )
    [counts] = [run for run in rows if run.superseded_at is None]
    assert len(rows) == 6
    for run in runs:
        found = await shop.only(run)
        assert found.status == ("open" if run.run_id == counts.run_id else "superseded")
    assert await shop.clean() == []


async def test_no_statement_is_a_failed_run_and_the_daily_job_asks_again_without_stopping_for_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.sell(1)
    shop.outside.script(FIRST, "submit", "decline")
    await shop.sell(1)
    shop.outside.control("DELETE", "/sandbox/scripts")
    monkeypatch.setattr(runs_service, "CounterpartyContext", lambda _stores: _kept(shop.context))
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


class _Kept:
    """Context that a job may close without ending them."""

    def __init__(self, sources: runs_service.CounterpartyContext) -> None:
        self._sources = sources

    def __getattr__(self, name: str) -> object:
        return getattr(self._sources, name)

    async def close(self) -> None:
        """Stay open."""


def _kept(sources: runs_service.CounterpartyContext) -> _Kept:
    return _Kept(sources)


async def _statuses(shop: Shop, day: date) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    async with shop.stores.database.transaction() as db:
        query = select(ReconciliationRun).where(ReconciliationRun.day == day)
        for run in await db.scalars(query.order_by(ReconciliationRun.run_id)):
            found.setdefault(run.counterparty, []).append(run.status)
    return found
