"""Setting autopays up and changing them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from gencharge.autopay import crud, reading_service, run_service, setup_service
from gencharge.autopay import ending_service as ending
from gencharge.autopay import service as autopays
from gencharge.autopay.errors import (
    AutopayAlreadyExists,
    AutopayAmountInvalid,
    AutopayDateInvalid,
    AutopayInProgress,
    AutopayIntervalInvalid,
    AutopayLimitExceeded,
    AutopayNotFound,
    AutopayStatusNotAllowed,
)
from gencharge.autopay.schemas import AutopayOut, AutopayQuery, AutopayUpdate
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.mandates import service as mandates
from gencharge.mandates.errors import MandateAmountExceeded, MandateNotActive, MandateNotFound
from gencharge.recharge.errors import OperatorMismatch
from tests.make.autopay import (
    attempts_of,
    find_addon,
    make_autopay,
    make_owner,
    recharges_of,
    row_of,
    run_due,
)
from tests.make.mandates import add_mandate
from tests.make.money import buy, find_plan, make_number
from tests.make.recharge import run_sql
from tests.make.users import events_of


async def change(stores: Stores, user_id: UUID, autopay: AutopayOut, **fields: Any) -> AutopayOut:
    command = AutopayUpdate.model_validate(fields)
    return await stores.database.run(lambda db: autopays.update(db, user_id, autopay.autopay_id, command))


async def act(stores: Stores, verb: Any, user_id: UUID, autopay: AutopayOut) -> AutopayOut:
    changed: AutopayOut = await stores.database.run(lambda db: verb(db, user_id, autopay.autopay_id))
    return changed


async def test_an_autopay_takes_its_price_and_interval_from_the_plan(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    assert (autopay.status, autopay.price, autopay.max_amount) == ("active", Money(29_900), Money(29_900))
    assert autopay.every is not None
    assert (autopay.every.n, autopay.every.unit) == (28, "day")
    [created] = await events_of(shop, user_id, "AutopayCreated")
    assert created["autopay_id"] == str(autopay.autopay_id)
    assert created["max_amount_paise"] == 29_900
    assert await recharges_of(shop, user_id) == [], "nothing is charged yet"


async def test_without_a_date_it_is_due_when_the_running_plan_ends_or_after_an_interval(shop: Stores) -> None:
    user_id, number = await make_owner(shop), await make_number(shop)
    plan = await find_plan(shop)
    sale = await buy(shop, user_id, number, plan.plan_id)
    autopay = await make_autopay(shop, user_id, phone_number=number, next_due_at=None)
    assert autopay.next_due_at == sale.answer.valid_until
    with clock.at(clock.now()):
        fresh = await make_autopay(shop, user_id, next_due_at=None)
        assert fresh.next_due_at == clock.now() + timedelta(days=28)
    hidden = await make_autopay(shop, await make_owner(shop), phone_number=number, next_due_at=None)
    assert autopay.next_due_at is not None
    assert hidden.next_due_at is not None
    assert hidden.next_due_at > autopay.next_due_at, "when somebody else's plan ends is not told"


async def test_an_autopay_for_another_operators_number_is_refused(shop: Stores) -> None:
    user_id = await make_owner(shop)
    with pytest.raises(OperatorMismatch):
        await make_autopay(shop, user_id, phone_number=await make_number(shop, "AIRTEL"))


async def test_a_second_live_autopay_for_a_number_and_plan_is_refused(shop: Stores) -> None:
    user_id = await make_owner(shop)
    first = await make_autopay(shop, user_id)
    with pytest.raises(AutopayAlreadyExists):
        await make_autopay(shop, user_id, phone_number=first.phone_number)
    other = await make_owner(shop)
    await make_autopay(shop, other, phone_number=first.phone_number)
    await shop.database.run(lambda db: autopays.remove(db, user_id, first.autopay_id))
    assert (await make_autopay(shop, user_id, phone_number=first.phone_number)).status == "active"


async def test_ten_at_once_make_one(shop: Stores) -> None:
    user_id, number = await make_owner(shop), await make_number(shop)
    answers = await asyncio.gather(
        *(make_autopay(shop, user_id, phone_number=number) for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(answer, AutopayOut) for answer in answers) == 1
    assert sum(isinstance(answer, AutopayAlreadyExists) for answer in answers) == 9


@pytest.mark.parametrize("ahead", [timedelta(seconds=-1), timedelta(days=367)])
async def test_a_date_in_the_past_or_beyond_a_year_is_refused(shop: Stores, ahead: timedelta) -> None:
    user_id = await make_owner(shop)
    with pytest.raises(AutopayDateInvalid) as refused:
        await make_autopay(shop, user_id, due_in=ahead)
    assert refused.value.errors is not None
    assert refused.value.errors[0]["field"] == "body.next_due_at"


async def test_a_highest_amount_below_the_price_is_refused(shop: Stores) -> None:
    user_id = await make_owner(shop)
    with pytest.raises(AutopayAmountInvalid) as refused:
        await make_autopay(shop, user_id, max_amount=298.99)
    assert refused.value.extra["price"] == Money(29_900)


async def test_the_fifty_first_autopay_is_refused(shop: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_service, "MAX_LIVE", 2)
    user_id = await make_owner(shop)
    for _ in range(2):
        await make_autopay(shop, user_id)
    with pytest.raises(AutopayLimitExceeded):
        await make_autopay(shop, user_id)


async def test_an_addon_needs_an_interval_of_its_own(shop: Stores) -> None:
    user_id = await make_owner(shop)
    addon = await find_addon(shop)
    number = await make_number(shop, addon.operator)
    with pytest.raises(AutopayIntervalInvalid):
        await make_autopay(shop, user_id, plan_id=addon.plan_id, phone_number=number)
    weekly = await make_autopay(
        shop, user_id, plan_id=addon.plan_id, phone_number=number, every={"n": 7, "unit": "day"}
    )
    assert weekly.every is not None
    assert weekly.every.n == 7


async def test_another_customers_autopay_is_not_found(shop: Stores) -> None:
    autopay, stranger = await make_autopay(shop, await make_owner(shop)), await make_owner(shop)
    for verb in (autopays.pause, autopays.skip, autopays.remove, reading_service.show):
        with pytest.raises(AutopayNotFound):
            await act(shop, verb, stranger, autopay)
    with pytest.raises(AutopayNotFound):
        await change(shop, stranger, autopay, max_amount=500)
    with pytest.raises(AutopayNotFound):
        await autopays.resume(shop.database, stranger, autopay.autopay_id)


async def test_what_is_changed_is_announced_with_old_and_new_values(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    changed = await change(shop, user_id, autopay, max_amount=500)
    assert changed.max_amount == Money(50_000)
    assert changed.next_due_at == autopay.next_due_at
    [event] = await events_of(shop, user_id, "AutopayChanged")
    assert event["changes"] == {"max_amount_paise": {"old": 29_900, "new": 50_000}}


async def test_a_new_date_is_the_one_that_later_ones_are_counted_from(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    instant = clock.now() + timedelta(days=9)
    changed = await change(
        shop, user_id, autopay, next_due_at=instant.isoformat(), every={"n": 1, "unit": "month"}
    )
    assert changed.next_due_at == instant
    row = await row_of(shop, autopay)
    assert (row.first_due, row.periods, row.interval_unit) == (instant, 0, "month")
    assert row.wake_at == instant - timedelta(hours=24)
    with pytest.raises(AutopayDateInvalid):
        await change(shop, user_id, autopay, next_due_at="2020-01-01")


async def test_a_onetime_autopay_takes_no_interval(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id, tag="onetime")
    with pytest.raises(AutopayIntervalInvalid):
        await change(shop, user_id, autopay, every={"n": 1, "unit": "month"})


async def test_a_paused_autopay_charges_nothing_until_it_is_resumed(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    paused = await act(shop, autopays.pause, user_id, autopay)
    assert (paused.status, paused.pause_reason) == ("paused", "customer")
    with pytest.raises(AutopayStatusNotAllowed):
        await act(shop, autopays.pause, user_id, autopay)
    with clock.later(days=3):
        await run_due(shop)
        assert await recharges_of(shop, user_id) == []
        resumed = await autopays.resume(shop.database, user_id, autopay.autopay_id)
        assert (resumed.status, resumed.pause_reason) == ("active", None)
        with pytest.raises(AutopayStatusNotAllowed):
            await autopays.resume(shop.database, user_id, autopay.autopay_id)
        await run_due(shop)
    assert len(await recharges_of(shop, user_id)) == 1, "its due date had passed: it runs at once"


async def test_what_is_skipped_is_not_charged_and_the_next_date_stays_in_step(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    assert autopay.next_due_at is not None
    skipped = await act(shop, autopays.skip, user_id, autopay)
    assert skipped.next_due_at == autopay.next_due_at + timedelta(days=28)
    assert await attempts_of(shop, autopay) == [("skipped", None)]
    with clock.later(days=3):
        await run_due(shop)
    assert await recharges_of(shop, user_id) == []


async def test_a_onetime_autopay_that_is_skipped_ends(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id, tag="onetime")
    ended = await act(shop, autopays.skip, user_id, autopay)
    assert (ended.status, ended.next_due_at) == ("cancelled", None)


async def test_a_deleted_autopay_is_gone_from_the_list_and_its_tries_stay(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    await act(shop, autopays.skip, user_id, autopay)
    await act(shop, autopays.remove, user_id, autopay)
    listed = await shop.database.run(lambda db: reading_service.list_autopays(db, user_id, AutopayQuery()))
    assert listed.items == []
    assert await attempts_of(shop, autopay) == [("skipped", None)]
    with pytest.raises(AutopayNotFound):
        await act(shop, autopays.pause, user_id, autopay)


async def test_what_has_ended_is_changed_no_more(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id, tag="onetime")
    with clock.later(days=3):
        await run_due(shop)
        for verb in (autopays.pause, autopays.skip, autopays.remove):
            with pytest.raises(AutopayStatusNotAllowed):
                await act(shop, verb, user_id, autopay)


async def test_nothing_is_changed_while_a_worker_makes_the_recharge(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    with clock.later(days=2, seconds=1):
        await shop.database.run(lambda db: crud.claim(db, limit=100, lease_seconds=60))
        for verb in (autopays.pause, autopays.skip, autopays.remove):
            with pytest.raises(AutopayInProgress):
                await act(shop, verb, user_id, autopay)


async def test_what_a_worker_that_died_has_bought_cannot_be_skipped(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    with clock.later(days=2, seconds=1):
        claimed = await shop.database.run(lambda db: run_service.claim(db, limit=100))
        [task] = [task for task in claimed if task.row.autopay_id == autopay.autopay_id]
        # It dies between the sale and the note of it.
        sale = await run_service.buy(shop, task.row, task.due_at, price=task.row.price)
    with clock.later(days=2, minutes=5):
        with pytest.raises(AutopayInProgress):
            await act(shop, autopays.skip, user_id, autopay)
        await run_due(shop)
        [recharge] = await recharges_of(shop, user_id)
        assert recharge.id == sale.recharge_id
        skipped = await act(shop, autopays.skip, user_id, autopay)
    assert autopay.next_due_at is not None
    assert skipped.next_due_at == autopay.next_due_at + timedelta(days=56)


async def test_all_autopays_end_with_the_account(shop: Stores) -> None:
    user_id = await make_owner(shop)
    both = [await make_autopay(shop, user_id) for _ in range(2)]
    await act(shop, autopays.pause, user_id, both[0])
    await shop.database.run(lambda db: ending.close(db, user_id))
    assert [(await row_of(shop, each)).status for each in both] == ["cancelled"] * 2
    assert len(await events_of(shop, user_id, "AutopayCancelled")) == 2


async def test_a_mandate_is_the_customers_own_active_and_covers_the_price(shop: Stores) -> None:
    user_id = await make_owner(shop)
    of_another = await add_mandate(shop, await make_owner(shop))
    pending = await add_mandate(shop, user_id, status="pending")
    small = await add_mandate(shop, user_id, max_amount=29_899)
    for mandate_id, problem in (
        (of_another, MandateNotFound),
        (pending, MandateNotActive),
        (small, MandateAmountExceeded),
    ):
        with pytest.raises(problem):
            await make_autopay(shop, user_id, payment_method="mandate", mandate_id=mandate_id)


async def test_a_mandate_can_be_chosen_and_given_up_later(shop: Stores) -> None:
    user_id = await make_owner(shop)
    mandate_id = await add_mandate(shop, user_id)
    autopay = await make_autopay(shop, user_id)
    await run_sql(
        shop,
        "UPDATE autopays SET noticed_due = next_due, wake_at = next_due WHERE autopay_id = :id",
        id=autopay.autopay_id,
    )

    async def change(mandate: UUID | None) -> AutopayOut:
        command = AutopayUpdate.model_validate({"mandate_id": mandate})
        return await shop.database.run(lambda db: autopays.update(db, user_id, autopay.autopay_id, command))

    changed = await change(mandate_id)
    assert (changed.payment_method, changed.mandate_id) == ("mandate", mandate_id)
    assert not changed.is_announced, "the notice said that it comes from the wallet"
    changed = await change(None)
    assert (changed.payment_method, changed.mandate_id) == ("wallet", None)


async def test_what_its_mandate_paused_needs_another_one_to_go_on(shop: Stores) -> None:
    user_id = await make_owner(shop)
    mandate_id = await add_mandate(shop, user_id)
    autopay = await make_autopay(shop, user_id, payment_method="mandate", mandate_id=mandate_id)
    await shop.database.run(lambda db: mandates.revoke(db, user_id, mandate_id))
    await shop.database.run(lambda db: ending.pause_charged_to(db, user_id, mandate_id))
    with pytest.raises(MandateNotActive):
        await autopays.resume(shop.database, user_id, autopay.autopay_id)
    command = AutopayUpdate.model_validate({"mandate_id": await add_mandate(shop, user_id)})
    await shop.database.run(lambda db: autopays.update(db, user_id, autopay.autopay_id, command))
    assert (await autopays.resume(shop.database, user_id, autopay.autopay_id)).status == "active"
