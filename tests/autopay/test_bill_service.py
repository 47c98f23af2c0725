"""The bills of a number pay themselves: each once, in full, never above what its owner allows, and with a notice the day before."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from gencharge import wiring
from gencharge.autopay import bill_service, staff_service
from gencharge.autopay import run_service as runs
from gencharge.autopay import service as autopays
from gencharge.autopay.errors import (
    AutopayAlreadyExists,
    AutopayAmountInvalid,
    AutopayDateInvalid,
    AutopayMethodInvalid,
)
from gencharge.autopay.models import AutopayKind, PauseReason, RunOutcome
from gencharge.autopay.schemas import AutopayOut, AutopayUpdate
from gencharge.autopay.settling_service import DueAutopay
from gencharge.autopay.staff_schemas import StaffAutopayQuery
from gencharge.bills import service as bills
from gencharge.bills.context_service import BillsContext
from gencharge.bills.errors import BillChanged, NumberIsPrepaid, NumberNotOfOperator
from gencharge.bills.models import BillStatus
from gencharge.core.errors import Problem
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.delivery.loop import Dispatcher
from gencharge.payments.service import PaymentContext
from gencharge.recharge.errors import BillPaymentPending
from gencharge.sessions.tokens import Principal
from tests.bills.conftest import context as context
from tests.bills.conftest import dispatcher as dispatcher
from tests.bills.conftest import outside as outside
from tests.bills.conftest import running as running
from tests.make.autopay import (
    attempts_of,
    make_autopay,
    make_bill_autopay,
    make_owner,
    recharges_of,
    row_of,
    run_due,
)
from tests.make.bills import fetch, pay, put_bill, read
from tests.make.delivery import FIRST, SECOND
from tests.make.money import balance, fund
from tests.make.outside import Outside
from tests.make.recharge import assert_books_balance, run_sql
from tests.make.users import events_of


async def run_now(stores: Stores, context: BillsContext, autopay: AutopayOut, **later: float) -> None:
    """Let a worker look at what is due some time after now, this autopay among it."""
    with clock.later(**later):
        await run_due(stores, bills=context)


async def settle_payments(
    stores: Stores, dispatcher: Dispatcher, context: BillsContext, **later: float
) -> None:
    """Carry payments to the operator, and let the worker see their end."""
    with clock.later(**later):
        await dispatcher.drain()
        await Relay(stores, wiring.LISTENERS).drain()
        await run_due(stores, bills=context)


async def claim_one(stores: Stores, autopay: AutopayOut) -> DueAutopay:
    claimed = await stores.database.run(lambda db: runs.claim(db, limit=1_000))
    return next(task for task in claimed if task.row.autopay_id == autopay.autopay_id)


async def test_a_notice_with_the_sum_a_day_before_then_the_bill_is_paid_in_full_once(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_owner(shop), put_bill(outside, paise=649_50)
    autopay = await make_bill_autopay(context, user_id, number)
    assert (autopay.kind, autopay.plan_id, autopay.price) == (AutopayKind.BILL, None, Money(649_50))
    await run_due(shop, bills=context)
    assert await events_of(shop, user_id, "AutopayAnnounced") == [], "too early for a notice"
    await run_now(shop, context, autopay, days=1, minutes=1)
    await run_now(shop, context, autopay, days=1, minutes=2)
    [notice] = await events_of(shop, user_id, "AutopayAnnounced")
    assert (notice["price_paise"], notice["kind"]) == (649_50, "bill")
    assert await recharges_of(shop, user_id) == []
    await run_now(shop, context, autopay, days=2, seconds=1)
    await run_now(shop, context, autopay, days=2, seconds=2)
    [payment] = await recharges_of(shop, user_id)
    assert (payment.status, payment.bill_id is not None) == ("processing", True)
    assert (await row_of(shop, autopay)).recharge_id == payment.id
    await settle_payments(shop, dispatcher, context, days=2, minutes=1)
    assert await attempts_of(shop, autopay) == [("succeeded", None)]
    assert (await balance(shop, user_id)).paise == 350_50
    row = await row_of(shop, autopay)
    assert autopay.next_due_at is not None
    assert (row.recharge_id, row.periods, row.price) == (None, 1, 649_50)
    [succeeded] = await events_of(shop, user_id, "AutopaySucceeded")
    assert (succeeded["amount_paise"], succeeded["recharge_id"]) == (649_50, str(payment.id))
    await assert_books_balance(shop)


async def test_without_a_bill_the_notice_names_no_sum_and_the_date_is_left_out_with_a_reason(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_owner(shop), put_bill(outside, reference=None)
    autopay = await make_bill_autopay(context, user_id, number)
    assert autopay.price == Money(0)
    await run_now(shop, context, autopay, days=1, minutes=1)
    [notice] = await events_of(shop, user_id, "AutopayAnnounced")
    assert notice["price_paise"] == 0
    await run_now(shop, context, autopay, days=2, seconds=1)
    assert await attempts_of(shop, autopay) == [("skipped", "no_bill_due")]
    [skipped] = await events_of(shop, user_id, "AutopaySkipped")
    row = await row_of(shop, autopay)
    assert row.next_due is not None
    assert (skipped["next_due"], row.status) == (row.next_due.isoformat(), "active")
    assert await recharges_of(shop, user_id) == []


async def test_a_bill_that_comes_after_the_notice_is_paid(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_owner(shop), put_bill(outside, reference=None)
    autopay = await make_bill_autopay(context, user_id, number)
    await run_now(shop, context, autopay, days=1, minutes=1)
    put_bill(outside, phone_number=number, reference="B2", paise=411_00)
    await run_now(shop, context, autopay, days=2, seconds=1)
    [payment] = await recharges_of(shop, user_id)
    assert payment.price == 411_00


async def test_a_onetime_autopay_ends_with_its_date_whether_a_bill_was_due_or_not(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_owner(shop), put_bill(outside, reference=None)
    autopay = await make_bill_autopay(context, user_id, number, tag="onetime")
    await run_now(shop, context, autopay, days=2, seconds=1)
    row = await row_of(shop, autopay)
    assert (row.status, row.next_due, row.wake_at) == ("completed", None, None)
    other = put_bill(outside, paise=100_00)
    paid = await make_bill_autopay(context, user_id, other, tag="onetime")
    await run_now(shop, context, paid, days=2, seconds=1)
    await settle_payments(shop, dispatcher, context, days=2, minutes=1)
    assert (await row_of(shop, paid)).status == "completed"


@pytest.mark.parametrize("later", [{"days": 1, "minutes": 1}, {"days": 2, "seconds": 1}])
async def test_a_bill_above_the_highest_amount_pauses_it_before_anything_is_taken(
    context: BillsContext, outside: Outside, shop: Stores, later: dict[str, float]
) -> None:
    user_id, number = await make_owner(shop, 5_000), put_bill(outside, paise=900_00)
    autopay = await make_bill_autopay(context, user_id, number)
    if "days" in later and later["days"] == 2:
        await run_now(shop, context, autopay, days=1, minutes=1)
    put_bill(outside, phone_number=number, paise=1_000_01)
    await run_now(shop, context, autopay, **later)
    row = await row_of(shop, autopay)
    assert (row.status, row.pause_reason, row.price) == ("paused", "price", 1_000_01)
    [paused] = await events_of(shop, user_id, "AutopayPaused")
    assert (paused["kind"], paused["price_paise"], paused["max_amount_paise"]) == ("bill", 1_000_01, 1_000_00)
    assert await recharges_of(shop, user_id) == []
    with clock.later(**later), pytest.raises(AutopayAmountInvalid):
        await autopays.resume(shop.database, user_id, autopay.autopay_id, bills=context)
    raised = AutopayUpdate.model_validate({"max_amount": 2_000})
    with clock.later(**later):
        await shop.database.run(lambda db: autopays.update(db, user_id, autopay.autopay_id, raised))
        resumed = await autopays.resume(shop.database, user_id, autopay.autopay_id, bills=context)
    assert (resumed.status, resumed.price) == ("active", Money(1_000_01))


async def test_an_empty_wallet_is_a_failed_try_and_the_bill_is_paid_once_there_is_money(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_owner(shop, 0), put_bill(outside, paise=200_00)
    autopay = await make_bill_autopay(context, user_id, number)
    await run_now(shop, context, autopay, days=2, seconds=1)
    assert await attempts_of(shop, autopay) == [("failed", "insufficient_balance")]
    [failed] = await events_of(shop, user_id, "AutopayFailed")
    assert (failed["kind"], failed["reason"]) == ("bill", "insufficient_balance")
    await fund(shop, user_id, 200)
    await run_now(shop, context, autopay, days=2, hours=2, minutes=1)
    [payment] = await recharges_of(shop, user_id)
    assert payment.price == 200_00


async def test_an_operator_that_is_away_is_asked_again_and_a_notice_goes_out_all_the_same(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_owner(shop), put_bill(outside)
    autopay = await make_bill_autopay(context, user_id, number)
    for channel in (FIRST, SECOND):
        outside.script(channel, "bill", "server_error_before", times=9)
    await run_now(shop, context, autopay, days=1, minutes=1)
    [notice] = await events_of(shop, user_id, "AutopayAnnounced")
    assert notice["price_paise"] == 0
    await run_now(shop, context, autopay, days=2, seconds=1)
    assert await attempts_of(shop, autopay) == [("failed", "bill_operator_unavailable")]
    assert (await row_of(shop, autopay)).tries == 1


async def test_a_number_that_left_is_a_pause_with_a_reason(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_owner(shop), put_bill(outside)
    autopay = await make_bill_autopay(context, user_id, number)
    put_bill(outside, phone_number=number, operator="VI")
    await run_now(shop, context, autopay, days=1, minutes=1)
    row = await row_of(shop, autopay)
    assert (row.status, row.pause_reason) == ("paused", PauseReason.NUMBER_CHANGED)


async def test_eight_workers_with_one_lease_pay_once(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_owner(shop, 5_000), put_bill(outside, paise=300_00)
    autopay = await make_bill_autopay(context, user_id, number)
    with clock.later(days=2, seconds=1):
        task = await claim_one(shop, autopay)
        results = await asyncio.gather(
            *(runs.process(PaymentContext.at(shop), task, None, context) for _ in range(8))
        )
    assert {run.outcome for run in results} <= {RunOutcome.PENDING, RunOutcome.SUPERSEDED}
    assert [run.outcome for run in results].count(RunOutcome.PENDING) == 1
    [payment] = await recharges_of(shop, user_id)
    await settle_payments(shop, dispatcher, context, days=2, minutes=1)
    assert payment.price == 300_00
    assert (await balance(shop, user_id)).paise == 4_700_00
    assert await attempts_of(shop, autopay) == [("succeeded", None)]


async def test_a_slow_worker_that_finds_the_bill_being_paid_by_another_tells_of_no_failure(
    context: BillsContext, outside: Outside, shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id, number = await make_owner(shop, 5_000), put_bill(outside, paise=300_00)
    autopay, pay_now = await make_bill_autopay(context, user_id, number), bills.pay

    async def late(*args: object, **named: object) -> None:
        # The other one pays after this one has looked the key up and before it looks at the bill.
        await pay_now(*args, **named)  # type: ignore[arg-type]
        raise BillPaymentPending

    monkeypatch.setattr(bills, "pay", late)
    with clock.later(days=2, seconds=1):
        run = await bill_service.process(context, await claim_one(shop, autopay))
    assert run.outcome is RunOutcome.PENDING
    [payment] = await recharges_of(shop, user_id)
    assert (await row_of(shop, autopay)).recharge_id == payment.id
    assert await events_of(shop, user_id, "AutopayFailed") == []


async def test_a_worker_that_died_behind_the_payment_left_no_second_one_even_if_the_operator_says_paid(
    context: BillsContext,
    outside: Outside,
    dispatcher: Dispatcher,
    shop: Stores,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user_id, number = await make_owner(shop), put_bill(outside, paise=300_00)
    autopay = await make_bill_autopay(context, user_id, number)

    async def die(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    with clock.later(days=2, seconds=1):
        task = await claim_one(shop, autopay)
        with monkeypatch.context() as patch:
            patch.setattr(bill_service, "sold", die)
            with pytest.raises(asyncio.CancelledError):
                await bill_service.process(context, task)
        assert (await row_of(shop, autopay)).recharge_id is None
        await dispatcher.drain()
        assert await fetch_is_refused(context, user_id, number) == "no_bill_due"
    with clock.later(days=2, minutes=5):
        await run_due(shop, bills=context)
    assert await attempts_of(shop, autopay) == [("succeeded", None)]
    assert len(await recharges_of(shop, user_id)) == 1


async def fetch_is_refused(context: BillsContext, user_id: UUID, number: str) -> str:
    """With which code."""
    with pytest.raises(Problem) as caught:
        await fetch(context, user_id, number)
    return caught.value.code()


async def test_a_payment_that_the_operator_refuses_comes_back_and_is_tried_again_with_another_key(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_owner(shop), put_bill(outside, paise=300_00)
    autopay = await make_bill_autopay(context, user_id, number)
    for channel in (FIRST, SECOND):
        outside.script(channel, "submit", "decline", times=1)
    await run_now(shop, context, autopay, days=2, seconds=1)
    await settle_payments(shop, dispatcher, context, days=2, minutes=1)
    assert await attempts_of(shop, autopay) == [("failed", "recharge_failed")]
    assert (await balance(shop, user_id)).paise == 1_000_00
    await run_now(shop, context, autopay, days=2, hours=3)
    await settle_payments(shop, dispatcher, context, days=2, hours=3, minutes=1)
    first, second = await recharges_of(shop, user_id)
    assert (first.status, second.status) == ("failed", "delivered")
    assert first.idempotency_key != second.idempotency_key
    await assert_books_balance(shop)


async def test_a_bill_that_changes_between_two_questions_is_paid_as_it_is_then(
    context: BillsContext, outside: Outside, shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id, number = await make_owner(shop), put_bill(outside, paise=300_00)
    autopay = await make_bill_autopay(context, user_id, number)
    pay_now, asked = bills.pay, list[Money]()

    async def change_first(*args: object, **named: object) -> object:
        if not asked:
            put_bill(outside, phone_number=number, paise=325_00)
        asked.append(args[3].expected_amount)  # type: ignore[attr-defined]
        return await pay_now(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(bills, "pay", change_first)
    await run_now(shop, context, autopay, days=2, seconds=1)
    assert asked == [Money(300_00), Money(325_00)]
    [payment] = await recharges_of(shop, user_id)
    assert payment.price == 325_00


async def test_a_bill_that_goes_on_changing_is_a_failed_try(
    context: BillsContext, outside: Outside, shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id, number = await make_owner(shop), put_bill(outside)
    autopay = await make_bill_autopay(context, user_id, number)

    async def always(*_: object, **__: object) -> None:
        raise BillChanged

    monkeypatch.setattr(bills, "pay", always)
    await run_now(shop, context, autopay, days=2, seconds=1)
    assert await attempts_of(shop, autopay) == [("failed", "bill_changed")]


async def test_the_owners_own_payment_is_not_paid_again(
    context: BillsContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_owner(shop), put_bill(outside, paise=300_00)
    autopay = await make_bill_autopay(context, user_id, number)
    with clock.later(days=2):
        bill = await fetch(context, user_id, number)
        await pay(context, user_id, bill)
        await run_due(shop, bills=context)
        assert await attempts_of(shop, autopay) == [("failed", BillPaymentPending.code())]
        await dispatcher.drain()
        assert (await read(shop, user_id, bill)).status is BillStatus.PAID
    await run_now(shop, context, autopay, days=2, hours=2, minutes=1)
    assert await attempts_of(shop, autopay) == [
        ("failed", BillPaymentPending.code()),
        ("skipped", "no_bill_due"),
    ]
    assert len(await recharges_of(shop, user_id)) == 1


async def test_setting_up_asks_the_operator_and_refuses_what_can_not_be_paid(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id = await make_owner(shop)
    with pytest.raises(NumberIsPrepaid):
        await make_bill_autopay(context, user_id, "+919555500001")
    with pytest.raises(NumberNotOfOperator):
        await make_bill_autopay(context, user_id, put_bill(outside, operator="VI"))
    number = put_bill(outside, paise=500_00)
    with pytest.raises(AutopayAmountInvalid) as refused:
        await make_bill_autopay(context, user_id, number, max_amount=499)
    assert refused.value.errors[0]["field"] == "body.max_amount"
    with pytest.raises(AutopayDateInvalid):
        await make_bill_autopay(context, user_id, number, next_due_at=clock.now() - timedelta(hours=1))
    await make_bill_autopay(context, user_id, number)
    with pytest.raises(AutopayAlreadyExists):
        await make_bill_autopay(context, user_id, number, tag="onetime")
    other = await make_owner(shop)
    assert (await make_bill_autopay(context, other, number)).phone_number == number


async def test_without_a_date_it_begins_on_the_morning_before_the_bill_is_due(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_owner(shop), put_bill(outside, days=10)
    bill = await bills.look_again(context, user_id, number, "JIO")
    assert bill is not None
    autopay = await make_bill_autopay(context, user_id, number, next_due_at=None)
    assert autopay.next_due_at is not None
    morning = autopay.next_due_at.astimezone(clock.IST)
    assert (morning.date(), morning.hour) == (bill.due_on - timedelta(days=1), 9)
    assert autopay.every is not None
    assert (autopay.every.n, autopay.every.unit) == (1, "month")
    late = put_bill(outside, days=0)
    after = await make_bill_autopay(context, user_id, late, next_due_at=None)
    assert after.next_due_at is not None
    assert after.next_due_at > clock.now() + timedelta(days=27)


async def test_a_mandate_is_refused_because_bills_are_paid_from_the_wallet(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_owner(shop), put_bill(outside)
    autopay = await make_bill_autopay(context, user_id, number)
    change = AutopayUpdate.model_validate({"mandate_id": str(new_id())})
    with pytest.raises(AutopayMethodInvalid):
        await shop.database.run(lambda db: autopays.update(db, user_id, autopay.autopay_id, change))
    nothing = AutopayUpdate.model_validate({"mandate_id": None})
    await shop.database.run(lambda db: autopays.update(db, user_id, autopay.autopay_id, nothing))


async def test_a_blocked_owner_pays_no_bill(context: BillsContext, outside: Outside, shop: Stores) -> None:
    user_id, number = await make_owner(shop), put_bill(outside)
    autopay = await make_bill_autopay(context, user_id, number)
    await run_sql(shop, "UPDATE users SET status = 'blocked' WHERE user_id = :id", id=user_id)
    await run_now(shop, context, autopay, days=2, seconds=1)
    assert (await row_of(shop, autopay)).pause_reason == PauseReason.ACCOUNT_INACTIVE
    assert await recharges_of(shop, user_id) == []


async def test_the_staff_find_autopays_of_bills(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_owner(shop), put_bill(outside)
    of_bill, of_plan = await make_bill_autopay(context, user_id, number), await make_autopay(shop, user_id)
    admin = Principal(user_id=new_id(), kind="admin", session_id=new_id(), role="SuperAdmin")
    for kind, expected in ((AutopayKind.BILL, of_bill), (AutopayKind.PLAN, of_plan)):
        query = StaffAutopayQuery(user_id=user_id, kind=kind)
        page = await shop.database.run(lambda db, of=query: staff_service.list_autopays(db, admin, of))
        assert [each.autopay_id for each in page.items] == [expected.autopay_id]
