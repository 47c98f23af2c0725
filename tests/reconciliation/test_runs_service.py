"""Runs: clean days, each fault that a statement can show, repeated and parallel runs."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.payments import razorpay
from gencharge.payments import service as payments
from gencharge.payments.gateway import CallUnknown
from gencharge.recharge import service as recharge
from gencharge.recharge.models import PaymentState
from gencharge.reconciliation import crud, runs_service
from gencharge.reconciliation.errors import StatementInvalid, StatementUnavailable
from gencharge.reconciliation.models import (
    GATEWAY,
    DifferenceKind,
    DifferenceResolution,
    ReconciliationRun,
)
from gencharge.reconciliation.statements_service import Statement
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.offers import flat, market_of, publish, used
from tests.make.reconciliation import FIRST, SECOND, Shop, refund, reload, sell_with_fault, top_up


async def test_a_day_of_fifty_recharges_over_two_channels_matches_to_the_paisa(shop: Shop) -> None:
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
    for run, matched in ((first, 30), (second, 20)):
        [entry] = await shop.entries("reconciliation_finished", **{"object.id": str(run.run_id)})
        assert entry["details"]["matched"] == matched
    assert await shop.clean() == []


async def test_recharges_with_an_offer_match_at_their_whole_price(shop: Shop) -> None:
    await shop.sell(1)
    offer = await publish(shop.stores, {"discount": flat(50), "cashback": flat(10)})
    market, plan = await market_of(shop.stores, offer), await find_plan(shop.stores)
    for _ in range(2):
        user_id, number = await make_customer(shop.stores, 249), await make_number(shop.stores)
        await buy(shop.stores, user_id, number, plan.plan_id, market=market, offer_id=offer.offer_id)
    await shop.dispatcher.drain()
    assert await used(shop.stores, offer.offer_id) == (2, 12_000)
    run = await shop.match()
    assert (run.status, run.matched, run.difference_paise) == ("matched", 3, 0)
    assert run.theirs_paise == run.ours_paise == 3 * 29_900, "the operator gets the discount from us"
    balances = await shop.balances()
    assert (balances["discount"], balances["cashback"]) == (-10_000, -2_000)
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
    difference = await shop.only(run)
    assert (run.status, run.differences, run.difference_paise) == ("differences", 1, paise)
    assert (difference.kind, difference.proposed_resolution) == (kind, proposed)
    assert difference.reference == (f"unknown-{one}" if script == "extra_row" else one)
    assert (difference.theirs_paise or 0) - (difference.ours_paise or 0) == paise
    if script != "extra_row":
        assert (difference.user_id, difference.recharge_id) == (shop.sold[1].user_id, shop.sold[1].id)
    assert await shop.clean() == []


async def test_another_commission_rate_is_a_difference_although_the_amounts_agree(shop: Shop) -> None:
    shop.outside.control("PUT", f"/sandbox/operators/{FIRST}", {"commission_basis_points": 250})
    await shop.sell(1)
    run = await shop.match()
    difference = await shop.only(run)
    assert (difference.kind, run.difference_paise) == (DifferenceKind.COMMISSION_DIFFERS, 0)
    assert (difference.detail["ours_charges_paise"], difference.detail["theirs_charges_paise"]) == (897, 747)
    assert difference.proposed_resolution == DifferenceResolution.CLAIM_FROM_COUNTERPARTY


async def test_a_delivery_whose_answer_was_lost_is_to_be_settled(shop: Shop) -> None:
    shop.outside.script(FIRST, "submit", "server_error_after", times=1)
    shop.outside.script(FIRST, "status", "server_error_before")
    [lost] = await shop.sell(1)
    assert (await lost.recharge()).status == PaymentState.UNKNOWN
    run = await shop.match()
    difference = await shop.only(run)
    assert (difference.kind, difference.proposed_resolution) == (
        DifferenceKind.STATUS_DIFFERS,
        DifferenceResolution.SETTLE_DELIVERED,
    )
    assert (difference.ours_paise, difference.theirs_paise, run.difference_paise) == (None, 29_900, 29_900)


async def test_a_recharge_that_we_failed_and_they_delivered_is_missing_at_ours(shop: Shop) -> None:
    shop.outside.script(FIRST, "submit", "server_error_after", times=1)
    shop.outside.script(FIRST, "status", "server_error_before")
    [lost] = await shop.sell(1)
    await shop.stores.database.run(lambda db: recharge.fail(db, lost.user_id, lost.id, reason="by_hand"))
    difference = await shop.only(await shop.match())
    assert (difference.kind, difference.proposed_resolution) == (
        DifferenceKind.MISSING_AT_OURS,
        DifferenceResolution.WRITE_OFF,
    )
    assert difference.detail["refused"] is False


async def test_a_reference_that_their_file_lists_twice_counts_once(shop: Shop) -> None:
    await shop.sell(2)
    statement = await shop.context.statement(FIRST, runs_service.today())
    doubled = Statement((*statement.rows, statement.rows[0]), (), "")
    run = await shop.match(file=doubled)
    difference = await shop.only(run)
    assert (difference.kind, difference.ours_paise, difference.theirs_paise) == (
        DifferenceKind.DUPLICATE_AT_THEIRS,
        None,
        29_900,
    )
    assert (run.rows_theirs, run.matched, run.difference_paise) == (3, 2, 29_900)


@pytest.mark.parametrize("hours", [-24, 24])
async def test_around_midnight_a_reference_counts_on_the_day_of_the_statement(shop: Shop, hours: int) -> None:
    """We book it on the day before, or after, as near midnight; the operator's clock says today."""
    noon = clock.start_of_day(runs_service.today()) + timedelta(hours=12)
    booked = clock.start_of_day(runs_service.today() + timedelta(days=hours > 0))
    with clock.at(noon):
        # The sandbox follows our clock: at a hundredth of its speed it stays within today.
        shop.outside.control("PUT", "/sandbox/clock", {"speed": 0.01})
        with clock.at(booked + timedelta(seconds=3 if hours > 0 else -3)):
            await shop.sell(2)
        beside = runs_service.today() + timedelta(days=1 if hours > 0 else -1)
        theirs = await shop.match()
        assert (theirs.status, theirs.matched, theirs.rows_ours, theirs.difference_paise) == (
            "matched",
            2,
            2,
            0,
        )
        assert theirs.carried_paise == 2 * 29_900
        with clock.later(days=3):
            ours = await shop.match(back=(runs_service.today() - beside).days)
        assert (ours.day, ours.status, ours.rows_theirs, ours.rows_ours) == (beside, "matched", 0, 0)
        assert ours.carried_paise == -2 * 29_900
        assert await shop.clean() == []


async def test_a_recharge_that_was_settled_days_later_is_missing_on_neither_day(shop: Shop) -> None:
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


async def test_of_six_parallel_runs_one_counts_and_only_its_differences_are_open(shop: Shop) -> None:
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
        difference = await shop.only(run)
        assert difference.status == ("open" if run.run_id == counts.run_id else "superseded")
    assert await shop.clean() == []


async def test_captures_and_refunds_of_a_day_match_to_the_paisa(
    shop: Shop,
) -> None:
    for _ in range(3):
        user_id, opened, _ = await top_up(shop)
    await refund(shop, user_id, opened, 20_000)
    run = await shop.match(GATEWAY)
    assert (run.status, run.rows_theirs, run.matched) == ("matched", 4, 4)
    assert run.theirs_paise == run.ours_paise == 3 * 50_000 - 20_000
    assert (await shop.balances())[GATEWAY] == -run.theirs_paise, "what the gateway owes us"
    with clock.later(days=1):
        assert (await shop.match(GATEWAY, back=1)).status == "matched"
    assert await shop.clean() == []


async def test_a_gateway_that_does_not_answer_is_a_failed_run(shop: Shop) -> None:
    shop.outside.script("gateway", "statement", "server_error_before")
    run = await shop.match(GATEWAY)
    assert (run.status, run.rows_theirs) == ("failed", 0)
    assert "statement is not available" in run.error


async def test_a_capture_that_we_booked_after_midnight_counts_on_the_day_of_the_statement(shop: Shop) -> None:
    user_id, opened, _ = await top_up(shop, learn=False)
    with clock.at(clock.start_of_day(runs_service.today() + timedelta(days=1)) + timedelta(seconds=5)):
        await payments.ask_gateway(shop.context.payments, user_id, opened.payment_id)
    with clock.later(days=2):
        first, second = await shop.match(GATEWAY, back=2), await shop.match(GATEWAY, back=1)
        assert (first.status, first.matched, first.carried_paise) == ("matched", 1, 50_000)
        assert (second.status, second.rows_ours, second.carried_paise) == ("matched", 0, -50_000)
    assert await shop.clean() == []


async def begin(shop: Shop, counterparty: str = FIRST, day: date | None = None) -> UUID:
    business_day = day or runs_service.today()
    return await shop.stores.database.run(lambda db: runs_service.begin(db, counterparty, business_day))


async def test_a_run_that_is_executed_again_keeps_its_first_result(shop: Shop) -> None:
    await shop.sell(1)
    run_id = await begin(shop)
    first = await runs_service.execute(shop.context, run_id)
    shop.outside.script(FIRST, "statement", "missing_row")
    again = await runs_service.execute(shop.context, run_id)
    assert (first.status, again.status, again.finished_at) == ("matched", "matched", first.finished_at)
    assert await shop.differences(again) == []


async def test_a_run_that_is_executed_five_times_at_once_has_one_result(shop: Shop) -> None:
    await shop.sell(2)
    shop.outside.script(FIRST, "statement", "missing_row", times=2)
    run_id = await begin(shop)
    runs = await asyncio.gather(*(runs_service.execute(shop.context, run_id) for _ in range(5)))
    assert {(run.status, run.differences) for run in runs} == {(runs[0].status, runs[0].differences)}
    assert len(await shop.differences(runs[0])) == runs[0].differences
    entries = await shop.entries("reconciliation_finished", **{"object.id": str(run_id)})
    assert len(entries) == 1
    assert await shop.clean() == []


async def test_a_failure_does_not_overwrite_a_result_that_was_recorded_at_the_same_time(shop: Shop) -> None:
    run_id = await begin(shop)
    invalid = StatementInvalid(["line 2: bad"])
    async with shop.stores.database.transaction() as db:
        [run] = await crud.lock_day(db, FIRST, runs_service.today())
        late = asyncio.create_task(runs_service.execute(shop.context, run_id, invalid))
        await asyncio.wait({late}, timeout=0.5)
        assert not late.done(), "it waits for the lock"
        run.status, run.finished_at = "matched", clock.now()
    ended = await late
    assert (ended.status, ended.error) == ("matched", "")


async def test_an_invalid_file_is_a_failed_run_with_every_problem(shop: Shop) -> None:
    run = await runs_service.execute(
        shop.context, await begin(shop), StatementInvalid(["line 2: a", "line 3: b"])
    )
    assert (run.status, run.error, run.statement_sha256) == ("failed", "line 2: a\nline 3: b", None)
    assert run.finished_at is not None
    [entry] = await shop.entries("reconciliation_finished", **{"object.id": str(run.run_id)})
    assert entry["details"]["status"] == "failed"


async def test_a_failed_run_leaves_the_result_of_the_day_alone(shop: Shop) -> None:
    difference = await sell_with_fault(shop)
    failed = await runs_service.execute(shop.context, await begin(shop), StatementInvalid(["bad"]))
    assert failed.status == "failed"
    assert (await reload(shop, difference)).status == "open"
    counted = await shop.stores.database.run(lambda db: crud.find_finished(db, FIRST, runs_service.today()))
    assert counted is not None
    assert counted.run_id == difference.run_id


async def test_a_run_of_a_channel_that_does_not_exist_fails(shop: Shop) -> None:
    run = await runs_service.execute(shop.context, await begin(shop, "no-such"))
    assert (run.status, run.error) == ("failed", "This is not a known counterparty.")


async def test_a_statement_of_several_pages_is_read_to_its_end(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(razorpay, "STATEMENT_ROWS", 2)
    for _ in range(4):
        await top_up(shop)
    run = await shop.match(GATEWAY)
    assert (run.status, run.rows_theirs, run.matched) == ("matched", 4, 4)


async def test_a_lost_page_of_the_gateways_statement_fails_the_run_and_matches_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(razorpay, "STATEMENT_ROWS", 2)
    for _ in range(3):
        await top_up(shop)
    ask, pages = shop.context.payments.gateway.ask, list[str]()  # type: ignore[attr-defined]

    async def lose_the_second(method: str, path: str, *arguments: Any, **options: Any) -> Any:
        pages.append(path)
        if len(pages) == 2:
            raise CallUnknown("ReadTimeout")
        return await ask(method, path, *arguments, **options)

    monkeypatch.setattr(shop.context.payments.gateway, "ask", lose_the_second)
    lost = await shop.match(GATEWAY)
    assert (lost.status, lost.rows_theirs, await shop.differences(lost)) == ("failed", 0, [])
    assert "ReadTimeout" in lost.error
    assert [path.rpartition("skip=")[2] for path in pages] == ["0", "2"]
    assert (await shop.match(GATEWAY)).status == "matched"


@pytest.mark.parametrize(("back", "status"), [(2, "failed"), (0, "differences")])
async def test_a_missing_neighbouring_statement_fails_the_run_only_if_its_day_is_over(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, back: int, status: str
) -> None:
    """An entry that is missing today may be in tomorrow's statement, which is not there yet."""
    midnight = clock.start_of_day(runs_service.today())
    with clock.at(midnight + timedelta(minutes=5) if back else midnight + timedelta(hours=23, minutes=55)):
        await shop.sell(1)
    fetch = runs_service.CounterpartyContext.statement

    async def statement(context: runs_service.CounterpartyContext, counterparty: str, day: date) -> Statement:
        if day == runs_service.today():
            return Statement((), (), "")
        if day == runs_service.today() + timedelta(days=-1 if back else 1):
            raise StatementUnavailable("not ready")
        return await fetch(context, counterparty, day)

    monkeypatch.setattr(runs_service.CounterpartyContext, "statement", statement)
    run = await shop.match()
    assert run.status == status
    assert (run.error == "not ready") == (status == "failed")


async def test_the_counterparties_of_a_day_are_the_gateway_and_the_channels_that_were_used(
    shop: Shop,
) -> None:
    async def counterparties(back: int) -> list[str]:
        day = runs_service.today() - timedelta(days=back)
        return await shop.stores.database.run(lambda db: runs_service.list_counterparties(db, day))

    assert await counterparties(0) == [GATEWAY]
    await shop.sell(1)
    assert await counterparties(0) == [GATEWAY, FIRST]
    assert await counterparties(-1) == [GATEWAY, FIRST], (
        "what went out before midnight may be booked after it"
    )
    assert await counterparties(1) == [GATEWAY]
    assert {FIRST, SECOND} <= set(await shop.stores.database.run(runs_service.list_channels))


async def test_the_same_difference_has_the_same_id_in_every_run_and_another_one_on_another_day(
    shop: Shop,
) -> None:
    [sold] = await shop.sell(1)
    rows = (await shop.context.statement(FIRST, runs_service.today())).rows
    doubled = Statement(rows * 3, (), "")
    first, second = await shop.match(file=doubled), await shop.match(file=doubled)
    ids = {each.difference_id for each in await shop.differences(first)}
    assert len(ids) == 2, "each repetition is its own"
    assert ids == {each.difference_id for each in await shop.differences(second)}
    other = await shop.match(back=1, file=doubled)
    assert not ids & {each.difference_id for each in await shop.differences(other)}
    assert (await sold.recharge()).status == "delivered"


async def test_an_operator_is_owed_the_whole_price_of_a_recharge_with_a_discount(shop: Shop) -> None:
    offer = await publish(shop.stores, {"discount": flat(30)})
    user_id = await make_customer(shop.stores, 1_000)
    number, plan = await make_number(shop.stores), await find_plan(shop.stores)
    sold = await buy(shop.stores, user_id, number, plan.plan_id, market=await market_of(shop.stores, offer))
    assert sold.answer.discount == Money.rupees(30)
    await shop.dispatcher.drain()
    run = await shop.match()
    assert await shop.differences(run) == []
    assert run.matched == 1
