"""What an operator's answer, its callback and its statement change: only proof ends a recharge, and it ends once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gencharge.channels import service as channels
from gencharge.channels.models import FulfilmentState
from gencharge.channels.service import Answer, Task, Verdict
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.delivery import service as delivery
from gencharge.recharge.models import DeliverOutcome, FailOutcome
from tests.make.delivery import FIRST, PAUSES, SECOND, Purchase, apply, purchase, reach_jio
from tests.make.outside import NOBODY, reach_over_api
from tests.make.recharge import assert_books_balance, list_events, list_topics, run_sql


async def task_of(bought: Purchase) -> Task:
    """The purchase as the dispatcher would claim it."""
    row = await bought.fulfilment()
    return Task(
        user_id=row.user_id,
        recharge_id=row.recharge_id,
        phone_number=row.phone_number,
        operator=row.operator,
        plan_id=row.plan_id,
        amount=row.amount,
        state=FulfilmentState(row.state),
        channel=row.channel,
        reference=row.reference,
        created_at=row.created_at,
    )


async def find_no_channel(stores: Stores, bought: Purchase) -> None:
    snapshot, task = await stores.database.run(channels.load_channels), await task_of(bought)
    await stores.database.run(lambda db: delivery.no_channel(db, task, snapshot))


async def tried(stores: Stores, bought: Purchase) -> list[str]:
    task = await task_of(bought)
    return await stores.database.run(lambda db: delivery.channels_tried(db, task))


async def refuse_everywhere(bought: Purchase) -> tuple[str, str]:
    """Both channels refuse it: it has failed. The two references."""
    first = await bought.submit(FIRST)
    await bought.answer(first, Verdict.REFUSED, reason="busy")
    second = await bought.submit(SECOND)
    await bought.answer(second, Verdict.REFUSED, reason="number_barred")
    return first, second


# Answers


@pytest.mark.parametrize("verdict", list(Verdict))
async def test_an_answer_about_an_unknown_reference_changes_nothing(jio: Stores, verdict: Verdict) -> None:
    bought = await purchase(jio)
    assert await apply(jio, "nobody-knows", verdict) is False
    assert await bought.statuses() == ("processing", "pending", "due")


async def test_delivery_moves_the_held_money_and_the_commission_and_starts_the_plan(jio: Stores) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    assert await bought.answer(reference, Verdict.DELIVERED, operator_reference="J-1")
    recharge = await bought.recharge()
    assert await bought.statuses() == ("delivered", "active", "settled")
    assert (recharge.channel, recharge.operator_reference) == (FIRST, "J-1")
    assert await bought.transfers() == {
        ("user:main", "user:held"): 29_900,
        ("user:held", "operator:jio"): 29_900,
        ("operator:jio", "revenue"): 897,
    }
    [attempt] = await bought.attempts()
    assert (attempt.outcome, attempt.operator_reference) == ("delivered", "J-1")
    assert attempt.ended_at is not None
    assert await bought.due_in() is None
    assert await list_topics(jio, bought.user_id) == ["RechargeAccepted", "PlanRecharged"]
    await assert_books_balance(jio)


async def test_delivery_that_is_reported_again_changes_and_announces_nothing_more(jio: Stores) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    for _ in range(3):
        await bought.answer(reference, Verdict.DELIVERED, operator_reference="J-2")
    assert await bought.balance() == 70_100
    assert await list_topics(jio, bought.user_id) == ["RechargeAccepted", "PlanRecharged"]
    await assert_books_balance(jio)


async def test_an_answer_without_a_reference_keeps_the_operators_reference(jio: Stores) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    await bought.answer(reference, Verdict.DELIVERED, operator_reference="J-3")
    await bought.answer(reference, Verdict.DELIVERED)
    [attempt] = await bought.attempts()
    assert attempt.operator_reference == "J-3"


async def test_a_refusal_makes_it_due_at_once_for_the_next_channel(jio: Stores) -> None:
    bought = await purchase(jio)
    with clock.at(clock.now()):
        await bought.answer(await bought.submit(FIRST), Verdict.REFUSED, reason="busy")
        assert await bought.due_in() == 0
    fulfilment = await bought.fulfilment()
    assert (fulfilment.state, fulfilment.last_error, fulfilment.leased_until) == ("due", "busy", None)
    assert (await bought.recharge()).status == "processing"
    assert await tried(jio, bought) == [FIRST]
    assert await bought.balance() == 70_100


async def test_the_last_refusal_fails_the_recharge_and_releases_the_money(jio: Stores) -> None:
    bought = await purchase(jio)
    await refuse_everywhere(bought)
    assert await bought.statuses() == ("failed", "cancelled", "failed")
    assert (await bought.recharge()).failure_reason == "number_barred"
    assert await bought.balance() == 100_000
    [failed] = await list_events(jio, bought.user_id, "RechargeFailed")
    assert (failed["reason"], failed["refunded_paise"]) == ("number_barred", 29_900)
    await assert_books_balance(jio)


async def test_a_refusal_without_a_reason_is_given_one(jio: Stores) -> None:
    bought = await purchase(jio)
    for channel in (FIRST, SECOND):
        await bought.answer(await bought.submit(channel), Verdict.REFUSED)
    assert (await bought.recharge()).failure_reason == "refused"


async def test_a_refusal_that_comes_after_delivery_is_ignored(jio: Stores) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    await bought.answer(reference, Verdict.DELIVERED)
    await bought.answer(reference, Verdict.REFUSED, reason="too late")
    assert await bought.outcomes() == ["delivered"]
    assert (await bought.recharge()).status == "delivered"
    await assert_books_balance(jio)


async def test_what_was_not_sent_is_due_again_and_its_channel_rests_for_20_seconds(jio: Stores) -> None:
    bought = await purchase(jio)
    now = clock.now()
    with clock.at(now):
        await bought.answer(await bought.submit(FIRST), Verdict.NOT_SENT, reason="ConnectError")
        assert await bought.due_in() == 0
        assert await tried(jio, bought) == [FIRST]
    for seconds, expected in ((19.9, [FIRST]), (20.1, [])):
        with clock.at(now + timedelta(seconds=seconds)):
            assert await tried(jio, bought) == expected
    assert await bought.outcomes() == ["not_sent"]


async def test_a_channel_that_refused_is_never_tried_again(jio: Stores) -> None:
    bought = await purchase(jio)
    await bought.answer(await bought.submit(FIRST), Verdict.REFUSED)
    with clock.later(days=1):
        assert await tried(jio, bought) == [FIRST]


@pytest.mark.parametrize(
    ("verdict", "state", "status"),
    [
        (Verdict.ACCEPTED, "pending", "processing"),
        (Verdict.UNKNOWN, "unknown", "unknown"),
        (Verdict.NOT_KNOWN, "unknown", "unknown"),
    ],
)
async def test_an_answer_that_proves_nothing_is_asked_about_later_and_later(
    jio: Stores, verdict: Verdict, state: str, status: str
) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    with clock.at(clock.now()):
        for pause in (*PAUSES, PAUSES[-1], PAUSES[-1]):
            await bought.answer(reference, verdict, reason="ReadTimeout")
            assert await bought.due_in() == pause
    fulfilment = await bought.fulfilment()
    assert (fulfilment.state, fulfilment.asked, fulfilment.last_error) == (state, 5, "ReadTimeout")
    assert (await bought.recharge()).status == status
    assert await bought.outcomes() == [None]
    assert await bought.balance() == 70_100
    await assert_books_balance(jio)


async def test_an_unknown_recharge_is_shown_as_processing_once_the_operator_accepts_it(jio: Stores) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    await bought.answer(reference, Verdict.UNKNOWN)
    await bought.answer(reference, Verdict.ACCEPTED)
    assert await bought.statuses() == ("processing", "pending", "pending")


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.UNKNOWN, Verdict.NOT_SENT])
async def test_an_answer_that_comes_late_about_an_ended_recharge_does_not_reopen_it(
    jio: Stores, verdict: Verdict
) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    await jio.database.run(lambda db: delivery.fail_and_release(db, reference, "not in the statement"))
    await bought.answer(reference, verdict)
    assert await bought.statuses() == ("failed", "cancelled", "failed")
    assert await bought.due_in() is None
    await assert_books_balance(jio)


async def test_an_answer_about_an_earlier_attempt_does_not_disturb_the_current_one(jio: Stores) -> None:
    bought = await purchase(jio)
    first = await bought.submit(FIRST)
    await bought.answer(first, Verdict.NOT_SENT)
    second = await bought.submit(SECOND)
    for verdict in (Verdict.REFUSED, Verdict.ACCEPTED, Verdict.UNKNOWN):
        await bought.answer(first, verdict)
    fulfilment = await bought.fulfilment()
    assert (fulfilment.state, fulfilment.reference, fulfilment.asked) == ("submitting", second, 0)
    assert await bought.outcomes() == ["not_sent", None]


async def test_an_answer_about_an_earlier_open_attempt_leaves_the_current_one(jio: Stores) -> None:
    bought = await purchase(jio)
    first = await bought.submit(FIRST)
    # As a worker leaves it whose lease ran out before it could record its answer.
    await run_sql(jio, "UPDATE fulfilments SET state = 'due' WHERE recharge_id = :id", id=bought.id)
    second = await bought.submit(SECOND)
    for verdict, outcome in (
        (Verdict.ACCEPTED, None),
        (Verdict.UNKNOWN, None),
        (Verdict.REFUSED, "refused"),
    ):
        await bought.answer(first, verdict)
        fulfilment = await bought.fulfilment()
        assert (fulfilment.state, fulfilment.reference, fulfilment.asked) == ("submitting", second, 0)
        assert await bought.outcomes() == [outcome, None]
    assert (await bought.recharge()).status == "processing"


# Disputes


async def test_delivery_after_failure_is_a_dispute_that_is_announced_once(jio: Stores) -> None:
    bought = await purchase(jio)
    first, _ = await refuse_everywhere(bought)
    for _ in range(2):
        await bought.answer(first, Verdict.DELIVERED, operator_reference="J-9")
    [dispute] = await list_events(jio, bought.user_id, "DeliveryDisputed")
    assert dispute == {
        "user_id": str(bought.user_id),
        "recharge_id": str(bought.id),
        "operator": "JIO",
        "channel": FIRST,
        "reference": first,
        "operator_reference": "J-9",
        "amount_paise": 29_900,
    }
    assert await bought.statuses() == ("failed", "cancelled", "failed")
    assert await bought.balance() == 100_000
    await assert_books_balance(jio)


async def test_delivery_over_two_channels_is_a_dispute(jio: Stores) -> None:
    bought = await purchase(jio)
    first = await bought.submit(FIRST)
    await bought.answer(first, Verdict.NOT_SENT)
    second = await bought.submit(SECOND)
    await bought.answer(second, Verdict.DELIVERED)
    assert await list_events(jio, bought.user_id, "DeliveryDisputed") == []
    await bought.answer(first, Verdict.DELIVERED)
    [dispute] = await list_events(jio, bought.user_id, "DeliveryDisputed")
    assert (dispute["reference"], dispute["channel"]) == (first, FIRST)
    assert (await bought.recharge()).channel == SECOND
    assert await bought.balance() == 70_100
    await assert_books_balance(jio)


async def test_delivery_by_an_earlier_attempt_while_the_current_one_runs_settles_the_recharge(
    jio: Stores,
) -> None:
    bought = await purchase(jio)
    first = await bought.submit(FIRST)
    await bought.answer(first, Verdict.NOT_SENT)
    await bought.submit(SECOND)
    await bought.answer(first, Verdict.DELIVERED)
    assert await bought.statuses() == ("delivered", "active", "settled")
    assert (await bought.recharge()).channel == FIRST
    assert await list_events(jio, bought.user_id, "DeliveryDisputed") == []
    await assert_books_balance(jio)


# Races


async def test_ten_reports_of_one_delivery_at_once_settle_it_once(jio: Stores) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    await asyncio.gather(*(bought.answer(reference, Verdict.DELIVERED) for _ in range(10)))
    assert await list_topics(jio, bought.user_id) == ["RechargeAccepted", "PlanRecharged"]
    assert await bought.balance() == 70_100
    await assert_books_balance(jio)


async def test_a_delivery_and_the_last_refusal_that_race_leave_the_plan_or_the_money(jio: Stores) -> None:
    for _ in range(8):
        bought = await purchase(jio)
        first = await bought.submit(FIRST)
        await bought.answer(first, Verdict.NOT_SENT)
        await bought.answer(await bought.submit(SECOND), Verdict.REFUSED)
        last = await bought.submit(FIRST)
        await asyncio.gather(
            bought.answer(first, Verdict.DELIVERED),
            bought.answer(last, Verdict.REFUSED),
        )
        disputes = len(await list_events(jio, bought.user_id, "DeliveryDisputed"))
        outcome = (*await bought.statuses(), await bought.balance(), disputes)
        assert outcome in {
            ("delivered", "active", "settled", 70_100, 0),
            ("failed", "cancelled", "failed", 100_000, 1),
        }
    await assert_books_balance(jio)


# No channel


async def test_without_a_free_channel_it_waits_five_seconds_at_a_time(jio: Stores) -> None:
    bought = await purchase(jio)
    with clock.at((await bought.fulfilment()).created_at + timedelta(minutes=14, seconds=59)):
        await find_no_channel(jio, bought)
        assert await bought.due_in() == 5
    assert await bought.statuses() == ("processing", "pending", "due")


async def test_without_a_free_channel_for_15_minutes_it_fails(jio: Stores) -> None:
    bought = await purchase(jio)
    with clock.at((await bought.fulfilment()).created_at + timedelta(minutes=15, seconds=1)):
        await find_no_channel(jio, bought)
    assert (await bought.recharge()).failure_reason == "operator_unreachable"
    assert await bought.balance() == 100_000
    await assert_books_balance(jio)


async def test_if_every_channel_refused_it_fails_with_the_last_reason(jio: Stores) -> None:
    bought = await purchase(jio)
    await bought.answer(await bought.submit(FIRST), Verdict.REFUSED, reason="busy")
    await reach_over_api(jio, "JIO", (FIRST, f"{NOBODY}/a"))
    try:
        await find_no_channel(jio, bought)
    finally:
        await reach_jio(jio)
    assert (await bought.recharge()).failure_reason == "busy"
    assert await bought.balance() == 100_000


@pytest.mark.parametrize(
    "change",
    ["is_active = false", "max_amount = 29899", "min_amount = 29901"],
)
async def test_if_no_channel_can_ever_take_it_it_fails_at_once(jio: Stores, change: str) -> None:
    bought = await purchase(jio)
    await run_sql(jio, f"UPDATE operator_channels SET {change} WHERE operator = 'JIO'")
    try:
        await find_no_channel(jio, bought)
    finally:
        undo = "is_active = true, min_amount = 1, max_amount = 10000000"
        await run_sql(jio, f"UPDATE operator_channels SET {undo} WHERE operator = 'JIO'")
        await reach_jio(jio)
    assert (await bought.recharge()).failure_reason == "operator_unreachable"
    assert await bought.balance() == 100_000


# Stuck recharges


async def test_the_staff_are_alerted_after_15_minutes_and_once(jio: Stores) -> None:
    bought = await purchase(jio)
    await bought.answer(await bought.submit(FIRST), Verdict.ACCEPTED)
    queued_at = (await bought.fulfilment()).created_at
    for minutes, alerts in ((14.99, 0), (15.01, 1), (16, 1), (60 * 24, 1)):
        with clock.at(queued_at + timedelta(minutes=minutes)):
            await jio.database.run(lambda db: delivery.alert_stuck(db, limit=1_000))
        assert len(await list_events(jio, bought.user_id, "RechargeStuck")) == alerts, minutes
    [alert] = await list_events(jio, bought.user_id, "RechargeStuck")
    assert alert == {
        "user_id": str(bought.user_id),
        "recharge_id": str(bought.id),
        "phone_number": bought.phone_number,
        "plan_name": (await bought.recharge()).plan_name,
        "operator": "JIO",
        "channel": FIRST,
        "state": "pending",
        "minutes": 15,
    }


async def test_a_recharge_that_never_reached_a_channel_is_stuck_without_one(jio: Stores) -> None:
    bought = await purchase(jio)
    with clock.later(minutes=20):
        await jio.database.run(lambda db: delivery.alert_stuck(db, limit=1_000))
    [alert] = await list_events(jio, bought.user_id, "RechargeStuck")
    assert (alert["channel"], alert["state"]) == ("", "due")


async def test_a_recharge_that_has_ended_is_not_stuck(jio: Stores) -> None:
    delivered, failed = await purchase(jio), await purchase(jio)
    await delivered.answer(await delivered.submit(), Verdict.DELIVERED)
    await refuse_everywhere(failed)
    with clock.later(minutes=20):
        await jio.database.run(lambda db: delivery.alert_stuck(db, limit=1_000))
    for bought in (delivered, failed):
        assert await list_events(jio, bought.user_id, "RechargeStuck") == []


async def test_a_limit_leaves_the_other_stuck_recharges_for_the_next_call(jio: Stores) -> None:
    for _ in range(3):
        await purchase(jio)
    with clock.later(minutes=20):
        counts = [
            await jio.database.run(lambda db: delivery.alert_stuck(db, limit=2)),
            await jio.database.run(lambda db: delivery.alert_stuck(db, limit=1_000)),
            await jio.database.run(lambda db: delivery.alert_stuck(db, limit=1_000)),
        ]
    assert (counts[0], counts[2]) == (2, 0)
    assert counts[1] >= 1


# Statements


async def test_an_answer_outside_the_dispatcher_uses_the_channels_as_they_are(jio: Stores) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    with clock.at(clock.now()):
        answer = Answer(Verdict.ACCEPTED)
        assert await jio.database.run(lambda db: delivery.apply_answer(db, reference, answer))
        assert await bought.due_in() == 600
    assert not await jio.database.run(lambda db: delivery.apply_answer(db, "nobody-knows", answer))


async def test_a_statement_that_shows_delivery_settles_a_pending_recharge_only(jio: Stores) -> None:
    async def settle(reference: str) -> DeliverOutcome:
        return await jio.database.run(lambda db: delivery.settle_delivered(db, reference, "S-1"))

    assert await settle("nobody-knows") is DeliverOutcome.NOT_FOUND
    pending = await purchase(jio)
    reference = await pending.submit()
    await pending.answer(reference, Verdict.UNKNOWN)
    assert await settle(reference) is DeliverOutcome.DELIVERED
    assert (await pending.recharge()).operator_reference == "S-1"
    assert await pending.statuses() == ("delivered", "active", "settled")
    assert await settle(reference) is DeliverOutcome.ALREADY
    failed = await purchase(jio)
    first, _ = await refuse_everywhere(failed)
    assert await settle(first) is DeliverOutcome.ALREADY_FAILED
    assert await failed.balance() == 100_000
    assert await list_events(jio, failed.user_id, "DeliveryDisputed") == []
    await assert_books_balance(jio)


async def test_a_statement_without_the_recharge_fails_a_pending_one_only(jio: Stores) -> None:
    async def fail(reference: str) -> FailOutcome:
        return await jio.database.run(lambda db: delivery.fail_and_release(db, reference, "not delivered"))

    assert await fail("nobody-knows") is FailOutcome.NOT_FOUND
    pending = await purchase(jio)
    reference = await pending.submit()
    assert await fail(reference) is FailOutcome.FAILED
    assert await pending.statuses() == ("failed", "cancelled", "failed")
    assert await pending.outcomes() == ["refused"]
    assert await pending.balance() == 100_000
    assert await fail(reference) is FailOutcome.ALREADY
    delivered = await purchase(jio)
    other = await delivered.submit()
    await delivered.answer(other, Verdict.DELIVERED)
    assert await fail(other) is FailOutcome.DELIVERED
    assert await delivered.balance() == 70_100
    assert await delivered.outcomes() == ["delivered"]
    await assert_books_balance(jio)


async def test_an_operator_that_finds_our_clock_off_is_kept_as_the_last_error(
    jio: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    bought = await purchase(jio)
    await bought.answer(await bought.submit(), Verdict.NOT_SENT, reason="stale_timestamp")
    assert (await bought.fulfilment()).last_error == "stale_timestamp"
    assert "operator_rejects_our_clock" in capsys.readouterr().out
    await jio.database.run(
        lambda db: channels.postpone(db, bought.user_id, bought.id, seconds=5, state=FulfilmentState.DUE)
    )
    assert (await bought.fulfilment()).last_error == "stale_timestamp", (
        "a postponement without an error keeps it"
    )
