"""Automatic top-ups: announced a day before, charged once for each time that the wallet runs low, within every limit."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from gencharge.autopay import listeners
from gencharge.autopay import topups_run_service as runs
from gencharge.autopay import topups_service as topups
from gencharge.core import faultpoints
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.mandates import service as mandates
from gencharge.payments.context import PaymentContext
from tests.make.autopay import make_owner
from tests.make.mandates import make_mandate
from tests.make.money import balance, fund
from tests.make.outside import Outside
from tests.make.payments import assert_clean
from tests.make.recharge import run_sql
from tests.make.topups import DAY, LOW, charged, charges_of, look, row_of, set_topup
from tests.make.users import events_of

_MINUTE = timedelta(minutes=1)


@pytest.fixture
async def owner(shop: Stores, context: PaymentContext, outside: Outside) -> UUID:
    """A customer with a rupee in the wallet, and a mandate for Rs 500 that fills it up."""
    user_id = await make_owner(shop, 0)
    mandate = await make_mandate(context, outside, user_id)
    await set_topup(shop, user_id, mandate.mandate_id)
    return user_id


async def test_a_low_wallet_is_announced_and_filled_a_day_later_once(
    shop: Stores, context: PaymentContext, outside: Outside, owner: UUID
) -> None:
    await look(context, LOW)
    [notice] = await events_of(shop, owner, "AutoTopupAnnounced")
    assert notice["amount_paise"] == 30_000
    assert notice["charge_at"] == (LOW + DAY).isoformat()
    await look(context, LOW + DAY - _MINUTE * 5)
    assert charged(outside) == [], "the notice comes 24 hours before"
    await look(context, LOW + DAY)
    assert charged(outside) == [(30_000, "captured")]
    assert (await balance(shop, owner)).paise == 30_100
    assert await charges_of(shop, owner) == [("succeeded", None)]
    await look(context, LOW + DAY * 3)
    assert charged(outside) == [(30_000, "captured")]
    assert len(await events_of(shop, owner, "AutoTopupAnnounced")) == 1
    await assert_clean(shop)


async def test_wallets_that_hold_enough_are_put_off_together_and_the_others_claimed(
    shop: Stores, context: PaymentContext, outside: Outside, owner: UUID
) -> None:
    rich = [await make_owner(shop, 5_000) for _ in range(3)]
    closed = await make_owner(shop, 5_000)
    for user_id in (*rich, closed):
        await set_topup(shop, user_id, (await make_mandate(context, outside, user_id)).mandate_id)
    await run_sql(shop, "UPDATE users SET status = 'blocked' WHERE user_id = :user_id", user_id=closed)
    for user_id in (owner, *rich, closed):
        await run_sql(
            shop, "UPDATE auto_topups SET wake_at = :low WHERE user_id = :user_id", low=LOW, user_id=user_id
        )
    with clock.at(LOW):
        claimed = await shop.database.run(lambda db: runs.claim(db, limit=1_000))
    assert {claim.row.user_id for claim in claimed} >= {owner, closed}
    assert not {claim.row.user_id for claim in claimed} & set(rich)
    for user_id in rich:
        row = await row_of(shop, user_id)
        assert (row.wake_at, row.leased_until) == (LOW + runs.LOOK_AGAIN, None)
    with clock.at(LOW):
        again = await shop.database.run(lambda db: runs.claim(db, limit=1_000))
    assert again == [], "nobody gets what is leased"


async def test_a_wallet_that_was_filled_in_the_meantime_is_not_charged(
    shop: Stores, context: PaymentContext, outside: Outside, owner: UUID
) -> None:
    await look(context, LOW)
    await fund(shop, owner, 99)
    await look(context, LOW + DAY)
    assert charged(outside) == []
    assert (await row_of(shop, owner)).charge_at is None


async def test_in_the_banks_peak_hours_it_waits(
    shop: Stores, context: PaymentContext, outside: Outside, owner: UUID
) -> None:
    noon = LOW + timedelta(hours=7)
    await look(context, noon)
    [notice] = await events_of(shop, owner, "AutoTopupAnnounced")
    assert notice["charge_at"] == (LOW + DAY + timedelta(hours=8)).isoformat(), "at 13:00"
    await look(context, noon + DAY)
    assert charged(outside) == []
    await look(context, noon + DAY + timedelta(hours=1))
    assert charged(outside) == [(30_000, "captured")]


async def test_one_that_is_left_out_comes_again_only_after_the_wallet_was_filled(
    shop: Stores, context: PaymentContext, outside: Outside, owner: UUID
) -> None:
    await look(context, LOW)
    with clock.at(LOW + timedelta(hours=1)):
        await shop.database.run(lambda db: topups.skip(db, owner))
    await look(context, LOW + DAY)
    await look(context, LOW + DAY * 2)
    assert charged(outside) == []
    assert await charges_of(shop, owner) == [("skipped", None)]
    await fund(shop, owner, 200)
    await look(context, LOW + DAY * 3)
    await run_sql(shop, "UPDATE auto_topups SET threshold = 30000 WHERE user_id = :id", id=owner)
    await look(context, LOW + DAY * 4)
    await look(context, LOW + DAY * 5)
    assert charged(outside) == [(30_000, "captured")]


async def test_more_than_the_monthly_maximum_is_not_charged_and_said_once(
    shop: Stores, context: PaymentContext, outside: Outside, owner: UUID
) -> None:
    mandate_id = (await row_of(shop, owner)).mandate_id
    first = (LOW + DAY * 31).astimezone(clock.IST).date().replace(day=1)
    start = clock.start_of_day(first) + timedelta(hours=5)
    await set_topup(shop, owner, mandate_id, monthly_max=599)
    await look(context, start)
    await look(context, start + DAY)
    await run_sql(
        shop, "UPDATE auto_topups SET threshold = 30000, amount = 30000 WHERE user_id = :id", id=owner
    )
    await run_sql(shop, "UPDATE wallets SET held = 20000 WHERE user_id = :id", id=owner)
    for day in range(2, 6):
        await look(context, start + DAY * day)
    assert charged(outside) == [(30_000, "captured")]
    assert (await row_of(shop, owner)).held_back == "monthly_max"
    [event] = await events_of(shop, owner, "AutoTopupHeldBack")
    assert (event["reason"], event["monthly_max_paise"]) == ("monthly_max", 59_900)
    following = clock.start_of_day((first + timedelta(days=32)).replace(day=1)) + timedelta(hours=5)
    await look(context, following)
    await look(context, following + DAY)
    assert charged(outside) == [(30_000, "captured")] * 2, "another month"
    await run_sql(shop, "UPDATE wallets SET held = 0 WHERE user_id = :id", id=owner)


async def test_what_the_wallet_may_not_hold_is_not_charged(
    shop: Stores, context: PaymentContext, outside: Outside, owner: UUID
) -> None:
    settings = context.settings.model_copy(update={"wallet_small_balance_limit": 300})
    tight = PaymentContext(settings, shop.database, context.gateway)
    await look(tight, LOW)
    await look(tight, LOW + DAY)
    assert charged(outside) == []
    assert (await row_of(shop, owner)).held_back == "wallet_limit"
    [event] = await events_of(shop, owner, "AutoTopupHeldBack")
    assert event["reason"] == "wallet_limit"


async def test_four_failures_in_a_row_pause_it(
    shop: Stores, context: PaymentContext, outside: Outside, owner: UUID
) -> None:
    outside.script("gateway", "recurring", "decline", times=8)
    await look(context, LOW)
    at = LOW + DAY
    for _ in range(4):
        await look(context, at)
        at = (await row_of(shop, owner)).wake_at or at
    assert await charges_of(shop, owner) == [("failed", "payment_failed")] * 4
    row = await row_of(shop, owner)
    assert (row.status, row.pause_reason, row.wake_at) == ("paused", "failing", None)
    assert len(await events_of(shop, owner, "AutoTopupFailed")) == 3
    [event] = await events_of(shop, owner, "AutoTopupPaused")
    assert event["reason"] == "failing"
    assert (await balance(shop, owner)).paise == 100


async def test_a_retry_after_a_failure_is_charged_once(
    shop: Stores, context: PaymentContext, outside: Outside, owner: UUID
) -> None:
    outside.script("gateway", "recurring", "decline", times=1)
    await look(context, LOW)
    await look(context, LOW + DAY)
    await look(context, LOW + DAY + timedelta(hours=2, minutes=5))
    assert [state for _, state in charged(outside)].count("captured") == 1
    assert [outcome for outcome, _ in await charges_of(shop, owner)] == ["failed", "succeeded"]
    assert (await balance(shop, owner)).paise == 30_100


async def test_a_revoked_mandate_pauses_it(
    shop: Stores, context: PaymentContext, outside: Outside, owner: UUID
) -> None:
    await look(context, LOW)
    mandate_id = (await row_of(shop, owner)).mandate_id
    await shop.database.run(lambda db: mandates.revoke(db, owner, mandate_id))
    await Relay(shop, (listeners.MANDATE_ENDED,)).drain()
    row = await row_of(shop, owner)
    assert (row.status, row.pause_reason, row.charge_at) == ("paused", "mandate_ended", None)
    await look(context, LOW + DAY)
    assert charged(outside) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE mandates SET status = 'ended', end_reason = 'bank' WHERE user_id = :id", "mandate_ended"),
        ("UPDATE mandates SET max_amount = 29999 WHERE user_id = :id", "mandate_limit"),
        ("UPDATE users SET status = 'blocked' WHERE user_id = :id", "account_inactive"),
    ],
)
async def test_what_no_longer_allows_a_charge_pauses_it(
    shop: Stores, context: PaymentContext, outside: Outside, owner: UUID, change: str, reason: str
) -> None:
    await look(context, LOW)
    await run_sql(shop, change, id=owner)
    await look(context, LOW + DAY)
    assert (await row_of(shop, owner)).pause_reason == reason
    assert charged(outside) == []


@pytest.mark.parametrize(
    "point",
    [
        "payment.committed",
        "order.come",
        "order.committed",
        "topup.ordered",
        "topup.settled",
        "charge.committed",
        "charge.asked",
        "topup.charged",
    ],
)
async def test_a_worker_that_dies_at_any_point_charges_at_most_once(
    shop: Stores,
    context: PaymentContext,
    outside: Outside,
    owner: UUID,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
) -> None:
    await look(context, LOW)

    async def die(name: str) -> None:
        if name == point:
            raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(faultpoints, "on_passing", die)
        await look(context, LOW + DAY, rounds=1)
    # The next workers, once the lease has run out; a charge that nobody heard of is abandoned after half an hour.
    for minutes in (2, 35, 40, 165, 170):
        await look(context, LOW + DAY + timedelta(minutes=minutes))
    states = [state for _, state in charged(outside)]
    assert states.count("captured") == 1, states
    assert (await balance(shop, owner)).paise == 30_100
    assert [outcome for outcome, _ in await charges_of(shop, owner)].count("succeeded") == 1
    await assert_clean(shop)


async def test_eight_workers_with_one_lease_charge_once(
    shop: Stores, context: PaymentContext, outside: Outside, owner: UUID
) -> None:
    await look(context, LOW)
    with clock.at(LOW + DAY):
        claimed = await shop.database.run(lambda db: runs.claim(db, limit=1_000))
        [task] = [each for each in claimed if each.row.user_id == owner]
        results = await asyncio.gather(*(runs.process(context, task) for _ in range(8)))
    assert any(results)
    await look(context, LOW + DAY + _MINUTE * 2)
    assert charged(outside) == [(30_000, "captured")]
    assert await charges_of(shop, owner) == [("succeeded", None)]


async def test_a_clock_that_jumps_back_charges_nothing_twice(
    shop: Stores, context: PaymentContext, outside: Outside, owner: UUID
) -> None:
    await look(context, LOW)
    for hours in (24, 0, 24, 12, 25):
        await look(context, LOW + timedelta(hours=hours))
    assert charged(outside) == [(30_000, "captured")]
    assert len(await events_of(shop, owner, "AutoTopupAnnounced")) == 1
