"""Running what is due: once, whatever happens, and never for more than its owner allows."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import run_service as runs
from gencharge.autopay.models import Autopay, RunOutcome
from gencharge.autopay.schemas import AutopayOut
from gencharge.autopay.settling_service import DueAutopay
from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.operators import service as operators
from gencharge.payments.service import PaymentContext
from gencharge.recharge import service as recharges
from tests.make.autopay import attempts_of, make_autopay, make_owner, recharges_of, row_of, run_due
from tests.make.money import balance, buy, fund
from tests.make.outside import NOBODY, reach_over_api
from tests.make.recharge import assert_books_balance, run_sql
from tests.make.users import events_of


async def claim_one(stores: Stores, autopay: AutopayOut) -> DueAutopay:
    """The lease of this autopay; all others that are due are leased, too."""
    claimed = await stores.database.run(lambda db: runs.claim(db, limit=1_000))
    return next(task for task in claimed if task.row.autopay_id == autopay.autopay_id)


async def set_price(stores: Stores, autopay: AutopayOut, paise: int) -> None:
    """Change the price of the plan. The test's database is its own; the plan is put back by `price_299`."""
    await run_sql(
        stores, "UPDATE plans SET price_paise = :p WHERE plan_id = :id", p=paise, id=autopay.plan_id
    )


@pytest.fixture
async def price_299(shop: Stores):  # type: ignore[no-untyped-def]
    """Puts the price and the status of the sample plans back."""
    yield
    await run_sql(shop, "UPDATE plans SET price_paise = 29900, status = 'active' WHERE name LIKE 'Jio ₹299%'")


async def test_a_notice_a_day_before_the_recharge_on_time_and_the_next_date(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    assert autopay.next_due_at is not None
    await run_due(shop)
    assert await events_of(shop, user_id, "AutopayAnnounced") == [], "too early for a notice"
    with clock.later(days=1, minutes=1):
        await run_due(shop)
        await run_due(shop)
        [notice] = await events_of(shop, user_id, "AutopayAnnounced")
        assert notice["price_paise"] == 29_900
        assert await recharges_of(shop, user_id) == []
    with clock.later(days=2, seconds=1):
        await run_due(shop)
        await run_due(shop)
    [recharge] = await recharges_of(shop, user_id)
    assert (recharge.status, recharge.phone_number) == ("delivered", autopay.phone_number)
    assert (await balance(shop, user_id)).paise == 70_100
    row = await row_of(shop, autopay)
    assert row.next_due == autopay.next_due_at + timedelta(days=28)
    assert row.wake_at == row.next_due - timedelta(hours=24)
    assert await attempts_of(shop, autopay) == [("succeeded", None)]
    [event] = await events_of(shop, user_id, "AutopaySucceeded")
    assert event["recharge_id"] == str(recharge.id)
    await assert_books_balance(shop)


async def test_a_onetime_autopay_ends_with_its_recharge(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id, tag="onetime")
    with clock.later(days=2, seconds=1):
        await run_due(shop)
    row = await row_of(shop, autopay)
    assert (row.status, row.next_due, row.wake_at) == ("completed", None, None)
    with clock.later(days=60):
        await run_due(shop)
    assert len(await recharges_of(shop, user_id)) == 1


async def test_a_worker_that_was_down_for_two_days_charges_once_and_says_how_late(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id, every={"n": 1, "unit": "day"}, max_amount=299)
    with clock.later(days=4, hours=1):
        await run_due(shop)
        await run_due(shop)
    assert len(await recharges_of(shop, user_id)) == 1
    [event] = await events_of(shop, user_id, "AutopaySucceeded")
    assert event["late_seconds"] == 2 * 86_400 + 3_600
    assert autopay.next_due_at is not None
    assert (await row_of(shop, autopay)).next_due == autopay.next_due_at + timedelta(days=3)
    notices = await events_of(shop, user_id, "AutopayAnnounced")
    assert len(notices) == 1, "none for what is over, one for what comes within the day"


async def test_without_money_it_is_tried_four_times_and_then_at_the_next_date(shop: Stores) -> None:
    user_id = await make_owner(shop, 0)
    autopay = await make_autopay(shop, user_id)
    assert autopay.next_due_at is not None
    start = autopay.next_due_at + timedelta(seconds=1)
    for hours in (0, 2, 8, 20):
        with clock.at(start + timedelta(hours=hours, seconds=hours)):
            await run_due(shop)
            await run_due(shop)
    reason = "insufficient_balance"
    assert await attempts_of(shop, autopay) == [("failed", reason)] * 3 + [("abandoned", reason)]
    row = await row_of(shop, autopay)
    assert (row.status, row.tries) == ("active", 0)
    assert row.next_due == autopay.next_due_at + timedelta(days=28)
    events = await events_of(shop, user_id, "AutopayFailed")
    assert [event["retry_at"] is None for event in events] == [False, False, False, True]
    assert [event["next_due"] == autopay.next_due_at.isoformat() for event in events] == [True] * 3 + [False]


async def test_a_onetime_autopay_that_fails_four_times_has_failed(shop: Stores) -> None:
    user_id = await make_owner(shop, 0)
    autopay = await make_autopay(shop, user_id, tag="onetime")
    for hours in (0, 3, 10, 23):
        with clock.later(days=2, hours=hours, seconds=1):
            await run_due(shop)
    assert (await row_of(shop, autopay)).status == "failed"


async def test_a_retry_after_a_top_up_succeeds(shop: Stores) -> None:
    user_id = await make_owner(shop, 0)
    autopay = await make_autopay(shop, user_id)
    with clock.later(days=2, seconds=1):
        await run_due(shop)
    await fund(shop, user_id, 300)
    with clock.later(days=2, hours=2, minutes=1):
        await run_due(shop)
    assert [outcome for outcome, _ in await attempts_of(shop, autopay)] == ["failed", "succeeded"]
    assert len(await recharges_of(shop, user_id)) == 1


@pytest.mark.usefixtures("price_299")
async def test_a_price_above_the_highest_amount_pauses_and_asks(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    await set_price(shop, autopay, 29_901)
    with clock.later(days=2, seconds=1):
        await run_due(shop)
    row = await row_of(shop, autopay)
    assert (row.status, row.pause_reason, row.price) == ("paused", "price", 29_901)
    assert row.next_due == autopay.next_due_at, "the due date waits for its owner"
    [event] = await events_of(shop, user_id, "AutopayPaused")
    assert (event["price_paise"], event["max_amount_paise"]) == (29_901, 29_900)
    assert await recharges_of(shop, user_id) == []


@pytest.mark.usefixtures("price_299")
async def test_a_price_within_the_highest_amount_is_paid(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id, max_amount=350)
    await set_price(shop, autopay, 35_000)
    with clock.later(days=2, seconds=1):
        await run_due(shop)
    [recharge] = await recharges_of(shop, user_id)
    assert recharge.price == 35_000
    assert (await row_of(shop, autopay)).price == 35_000


@pytest.mark.usefixtures("price_299")
async def test_a_plan_that_was_withdrawn_pauses(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    await run_sql(shop, "UPDATE plans SET status = 'inactive' WHERE plan_id = :id", id=autopay.plan_id)
    with clock.later(days=2, seconds=1):
        await run_due(shop)
    assert (await row_of(shop, autopay)).pause_reason == "plan_withdrawn"


async def test_a_number_that_was_ported_pauses(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    await shop.database.run(
        lambda db: operators.remember(
            db, autopay.phone_number, SYSTEM_USER_ID, operator="AIRTEL", circle=None, service_type="prepaid"
        )
    )
    with clock.later(days=2, seconds=1):
        await run_due(shop)
    assert (await row_of(shop, autopay)).pause_reason == "number_changed"
    assert await recharges_of(shop, user_id) == []


@pytest.mark.parametrize("status", ["blocked", "deactivated"])
async def test_nothing_is_bought_for_an_account_that_is_not_active(shop: Stores, status: str) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    await run_sql(shop, "UPDATE users SET status = :status WHERE user_id = :id", status=status, id=user_id)
    with clock.later(days=2, seconds=1):
        await run_due(shop)
    assert (await row_of(shop, autopay)).pause_reason == "account_inactive"
    assert await recharges_of(shop, user_id) == []


async def test_the_same_plan_bought_by_hand_a_moment_ago_is_not_bought_twice(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    with clock.later(days=2, seconds=1):
        await buy(shop, user_id, autopay.phone_number, autopay.plan_id)
        await run_due(shop)
    assert await attempts_of(shop, autopay) == [("failed", "duplicate_recharge")]


async def test_two_workers_with_the_same_lease_charge_once(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    with clock.later(days=2, seconds=1):
        task = await claim_one(shop, autopay)
        results = await asyncio.gather(*(runs.process(PaymentContext.at(shop), task) for _ in range(8)))
    assert len(await recharges_of(shop, user_id)) == 1
    outcomes = sorted(result.outcome for result in results)
    assert outcomes == [RunOutcome.SUCCEEDED] + [RunOutcome.SUPERSEDED] * 7
    assert await attempts_of(shop, autopay) == [("succeeded", None)]


async def test_what_a_dead_worker_has_bought_is_written_down_and_not_bought_again(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    with clock.later(days=2, seconds=1):
        task = await claim_one(shop, autopay)
        sale = await runs.buy(PaymentContext.at(shop), task.row, task.due_at, price=task.row.price)
        await run_due(shop)
        assert await attempts_of(shop, autopay) == [], "its lease is not over yet"
    with clock.later(days=2, seconds=62):
        await run_due(shop)
    assert [recharge.id for recharge in await recharges_of(shop, user_id)] == [sale.recharge_id]
    assert await attempts_of(shop, autopay) == [("succeeded", None)]


@pytest.mark.usefixtures("price_299")
async def test_it_is_written_down_at_the_price_that_was_paid_even_if_that_has_changed(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id, max_amount=500)
    with clock.later(days=2, seconds=1):
        task = await claim_one(shop, autopay)
        await set_price(shop, autopay, 31_000)
        await runs.buy(PaymentContext.at(shop), task.row, task.due_at, price=31_000)
    with clock.later(days=2, seconds=62):
        await run_due(shop)
    assert len(await recharges_of(shop, user_id)) == 1
    [event] = await events_of(shop, user_id, "AutopaySucceeded")
    assert event["amount_paise"] == 31_000


@pytest.fixture
async def vi_over_api(shop: Stores):  # type: ignore[no-untyped-def]
    """Vi is recharged over an API that nobody answers."""
    await reach_over_api(shop, "VI", ("vi-nowhere", NOBODY))
    yield
    await reach_over_api(shop, "VI")


@pytest.mark.usefixtures("vi_over_api")
async def test_a_recharge_under_way_is_waited_for_and_its_failure_is_tried_again(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id, operator="VI")
    with clock.later(days=2, seconds=1):
        await run_due(shop)
        [recharge] = await recharges_of(shop, user_id)
        assert (await row_of(shop, autopay)).recharge_id == recharge.id
        assert await attempts_of(shop, autopay) == []
        assert (await row_of(shop, autopay)).next_due == autopay.next_due_at
    with clock.later(days=2, minutes=1):
        await run_due(shop)
        assert len(await recharges_of(shop, user_id)) == 1, "it is still under way"
        await shop.database.run(lambda db: recharges.fail(db, user_id, recharge.id, reason="refused"))
    with clock.later(days=2, minutes=2):
        await run_due(shop)
    assert await attempts_of(shop, autopay) == [("failed", "recharge_failed")]
    with clock.later(days=2, hours=3):
        await run_due(shop)
    first, second = await recharges_of(shop, user_id)
    assert first.status == "failed"
    assert first.idempotency_key != second.idempotency_key
    await shop.database.run(
        lambda db: recharges.deliver(
            db, user_id, second.id, operator_reference="VI-1", channel="vi-nowhere", commission=0
        )
    )
    with clock.later(days=2, hours=3, minutes=2):
        await run_due(shop)
    assert [outcome for outcome, _ in await attempts_of(shop, autopay)] == ["failed", "succeeded"]
    await assert_books_balance(shop)


async def test_a_database_that_is_away_counts_as_no_try(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)

    async def away(*_: object, **__: object) -> None:
        raise DatabaseUnavailable

    with clock.later(days=2, seconds=1):
        task = await claim_one(shop, autopay)
        with monkeypatch.context() as patched:
            patched.setattr(recharges, "pay_from_wallet", away)
            with pytest.raises(DatabaseUnavailable):
                await runs.process(PaymentContext.at(shop), task)
    row = await row_of(shop, autopay)
    assert (row.tries, row.next_due) == (0, autopay.next_due_at)
    assert await attempts_of(shop, autopay) == []


async def test_a_claim_takes_no_row_that_is_leased_paused_or_not_due(shop: Stores) -> None:
    user_id: UUID = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)

    async def claimed(db: AsyncSession) -> list[Autopay]:
        return [task.row for task in await runs.claim(db, limit=1_000)]

    with clock.later(days=1, minutes=1):
        rows = await shop.database.run(claimed)
        assert autopay.autopay_id in {row.autopay_id for row in rows}
        assert await shop.database.run(claimed) == []
