"""Recharges over an operator's API, against the sandbox's operators: whatever goes wrong, plan or money, never both."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from gencharge import wiring
from gencharge.channels import service as channels
from gencharge.channels.client import OperatorClient
from gencharge.channels.models import Fulfilment, OperatorAttempt
from gencharge.core.events.relay import Relay
from gencharge.core.http.idempotency import Answered
from gencharge.core.rooms import checks
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.delivery import jobs
from gencharge.delivery.loop import Dispatcher
from gencharge.recharge.models import ActivePlan, Recharge
from gencharge.recharge.schemas import SubscriptionOut
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Transfer
from gencharge.wallet.schemas import TransactionQuery
from tests.money import balance, buy, find_plan, make_customer, make_number
from tests.outside import NOBODY, Outside, reach_over_api, sandbox
from tests.sandbox.conftest import until

FIRST, SECOND = "jio-a", "jio-b"
# For scripts that never answer; everywhere else a busy machine must not look like a silent operator.
IMPATIENT_SECONDS = 0.4


@pytest.fixture(scope="module")
def outside(shop: Stores) -> Iterator[Outside]:
    with sandbox(shop.settings) as running:
        yield running


@pytest.fixture
async def dispatcher(shop: Stores, outside: Outside) -> AsyncIterator[Dispatcher]:
    """Jio over two channels, and a dispatcher."""
    outside.reset()
    await reach_over_api(
        shop,
        "JIO",
        (FIRST, f"{outside.base}/operators/{FIRST}"),
        (SECOND, f"{outside.base}/operators/{SECOND}"),
    )
    found = Dispatcher(shop, OperatorClient(shop.settings, timeout_seconds=5))
    yield found
    await found.close()
    await reach_over_api(shop, "JIO")


@pytest.fixture
async def impatient(shop: Stores, dispatcher: Dispatcher) -> AsyncIterator[Dispatcher]:
    """A dispatcher that waits 0.4 s for an operator."""
    found = Dispatcher(shop, OperatorClient(shop.settings, timeout_seconds=IMPATIENT_SECONDS))
    yield found
    await found.close()


async def ask_again(dispatcher: Dispatcher, *, rounds: int = 6) -> None:
    """Let the pauses between questions pass."""
    await dispatcher.drain()
    for round_ in range(1, rounds + 1):
        with clock.later(hours=2 * round_):
            await dispatcher.drain()


class Bought:
    """A customer with Rs 1,000 who bought Jio's Rs 299 plan, and what became of it."""

    def __init__(
        self, stores: Stores, user_id: UUID, sale: Answered[SubscriptionOut], phone_number: str
    ) -> None:
        self.stores, self.user_id, self.sale, self.phone_number = stores, user_id, sale, phone_number
        self.id = sale.answer.subscription_id

    async def recharge(self) -> Recharge:
        async with self.stores.database.transaction() as db:
            return await db.get_one(Recharge, (self.user_id, self.id))

    async def plan(self) -> ActivePlan:
        async with self.stores.database.transaction() as db:
            return await db.get_one(ActivePlan, (self.phone_number, self.id))

    async def fulfilment(self) -> Fulfilment:
        async with self.stores.database.transaction() as db:
            return await db.get_one(Fulfilment, (self.user_id, self.id))

    async def attempts(self) -> list[OperatorAttempt]:
        async with self.stores.database.transaction() as db:
            query = select(OperatorAttempt).where(OperatorAttempt.recharge_id == self.id)
            return list(await db.scalars(query.order_by(OperatorAttempt.attempt)))

    async def transfers(self) -> dict[tuple[str, str], int]:
        async with self.stores.database.transaction() as db:
            rows = await db.scalars(select(Transfer).where(Transfer.reference_id == self.id))
            return {(row.debit, row.credit): row.amount for row in rows}

    async def balance(self) -> int:
        return (await balance(self.stores, self.user_id)).paise


async def purchase(stores: Stores, rupees: int = 299, **but: Any) -> Bought:
    user_id = await make_customer(stores, 1_000)
    number = await make_number(stores)
    plan = (await find_plan(stores, rupees=rupees)).plan_id
    sale = await buy(stores, user_id, number, plan, **but)
    return Bought(stores, user_id, sale, number)


async def clean(stores: Stores) -> bool:
    report = await checks.run(stores.database, wiring.CHECKS)
    assert report.ok, "\n".join(report.lines)
    return True


def delivered(outside: Outside) -> list[str]:
    """References that were delivered, over both channels; each entry is one delivery."""
    return [
        reference
        for channel in (FIRST, SECOND)
        for reference, seen in outside.deliveries(channel).items()
        for _ in range(seen["delivered"])
    ]


async def test_the_money_is_held_at_once_and_the_plan_starts_when_the_operator_has_it(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    bought = await purchase(shop)
    assert bought.sale.answer.status == "processing"
    assert bought.sale.answer.wallet_balance.paise == 70_100
    assert (await bought.plan()).status == "pending"
    assert await clean(shop)

    await dispatcher.drain()
    recharge, plan = await bought.recharge(), await bought.plan()
    assert (recharge.status, plan.status) == ("delivered", "active")
    assert recharge.operator_reference is not None
    assert recharge.operator_reference.startswith("JIO-")
    assert recharge.channel == FIRST
    assert plan.valid_until is not None
    assert await bought.transfers() == {
        ("user:main", "user:held"): 29_900,
        ("user:held", "operator:jio"): 29_900,
        ("operator:jio", "revenue"): 897,
    }
    assert len(delivered(outside)) == 1
    assert await clean(shop)
    async with shop.database.transaction() as db:
        seen = await wallet.list_transactions(db, bought.user_id, TransactionQuery())
    assert [each.category for each in seen.items] == ["capture", "hold", "opening"], (
        "not the house's commission"
    )


async def test_a_repeat_with_the_same_key_gets_the_first_answer_and_nothing_more_is_sent(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    user_id, number, plan = (
        await make_customer(shop, 1_000),
        await make_number(shop),
        (await find_plan(shop)).plan_id,
    )
    first = await buy(shop, user_id, number, plan, key="once")
    await dispatcher.drain()
    again = await buy(shop, user_id, number, plan, key="once")
    await dispatcher.drain()
    assert again.replayed
    assert again.answer.subscription_id == first.answer.subscription_id
    assert len(delivered(outside)) == 1


@pytest.mark.parametrize(
    "script",
    [
        "time_out_before", "time_out_after", "server_error_before", "server_error_after", "lost_connection_before",
        "lost_connection_after_accept", "garbage", "huge_body", "redirect", "drip", "slow", "late_success",
        "success_without_callback", "too_many_requests",
    ],
)  # fmt: skip
async def test_whatever_happens_to_a_submission_it_is_delivered_once_and_paid_once(
    shop: Stores, impatient: Dispatcher, outside: Outside, script: str
) -> None:
    outside.script(FIRST, "submit", script, times=1, seconds=1.5)
    bought = await purchase(shop)
    await ask_again(impatient)
    if script == "late_success":
        assert (await bought.recharge()).status in {"processing", "unknown"}
        until(lambda: delivered(outside) != [])
        with clock.later(days=2):
            await impatient.drain()
    assert (await bought.recharge()).status == "delivered"
    assert len(delivered(outside)) == 1
    assert await bought.balance() == 70_100
    assert await clean(shop)


async def test_a_refusal_lets_the_next_channel_try_and_the_last_refusal_gives_the_money_back(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    outside.script(FIRST, "submit", "decline")
    bought = await purchase(shop)
    await dispatcher.drain()
    assert [(a.channel, a.outcome) for a in await bought.attempts()] == [
        (FIRST, "refused"),
        (SECOND, "delivered"),
    ]
    assert (await bought.recharge()).channel == SECOND

    outside.script(SECOND, "submit", "decline", reason="number_not_active")
    lost = await purchase(shop)
    await dispatcher.drain()
    recharge = await lost.recharge()
    assert (recharge.status, recharge.failure_reason) == ("failed", "number_not_active")
    assert (await lost.plan()).status == "cancelled"
    assert await lost.balance() == 100_000
    assert await clean(shop)


async def test_a_time_out_never_lets_another_channel_try_nor_gives_the_money_back(
    shop: Stores, impatient: Dispatcher, outside: Outside
) -> None:
    outside.script(FIRST, "submit", "time_out_after", times=1)
    outside.script(FIRST, "status", "server_error_before")
    bought = await purchase(shop)
    await ask_again(impatient, rounds=20)
    assert (await bought.recharge()).status == "unknown"
    assert [attempt.channel for attempt in await bought.attempts()] == [FIRST]
    assert await bought.balance() == 70_100
    assert (await bought.fulfilment()).last_error == "unavailable"
    assert await clean(shop)

    outside.control("DELETE", "/sandbox/scripts")
    with clock.later(days=3):
        await impatient.drain()
    assert (await bought.recharge()).status == "delivered"
    assert len(delivered(outside)) == 1


async def test_an_operator_that_cannot_be_reached_is_waited_for_and_given_up_after_15_minutes(
    shop: Stores, dispatcher: Dispatcher
) -> None:
    await reach_over_api(shop, "JIO", (FIRST, f"{NOBODY}/a"))
    await dispatcher._channels.refresh(shop.database)
    bought = await purchase(shop)
    await dispatcher.drain()
    assert (await bought.recharge()).status == "processing"
    with clock.later(minutes=14):
        await dispatcher.drain()
    assert (await bought.recharge()).status == "processing"
    with clock.later(minutes=16):
        await dispatcher.drain()
    with clock.later(minutes=17):
        await dispatcher.drain()
    assert (await bought.recharge()).failure_reason == "operator_unreachable"
    assert await bought.balance() == 100_000
    assert await clean(shop)


async def test_a_worker_that_died_in_the_middle_leaves_nothing_that_is_sent_twice(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    """It had written down that it submits; whether it did, nobody knows."""

    for sent in (False, True):
        bought = await purchase(shop)
        channel = (await dispatcher._snapshot()).channels[FIRST]
        [task] = await shop.database.run(lambda db: channels.claim(db, limit=1, lease_seconds=30, busy=[]))
        reference = await shop.database.run(
            lambda db, t=task, c=channel: channels.begin_attempt(db, t.user_id, t.recharge_id, channel=c.code)
        )
        assert reference is not None
        if sent:
            await dispatcher._client.submit(channel, task.submission(reference))
        await dispatcher.drain()
        assert (await bought.recharge()).status == "processing", "its lease has not run out"
        with clock.later(minutes=1):
            await dispatcher.drain()
        assert (await bought.recharge()).status == "delivered"
        assert outside.deliveries(FIRST)[reference]["delivered"] == 1
    assert await clean(shop)


async def test_two_dispatchers_side_by_side_submit_each_recharge_once(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    import asyncio

    bought = [await purchase(shop) for _ in range(12)]
    other = Dispatcher(shop, OperatorClient(shop.settings, timeout_seconds=5))
    await asyncio.gather(dispatcher.drain(), other.drain())
    await other.close()
    assert {(await each.recharge()).status for each in bought} == {"delivered"}
    assert all(seen["seen"] == 1 for seen in outside.deliveries(FIRST).values())
    assert len(delivered(outside)) == 12


async def test_a_recharge_that_takes_too_long_is_told_to_the_staff_once(
    shop: Stores, dispatcher: Dispatcher, outside: Outside, relay: Relay
) -> None:
    outside.script(FIRST, "submit", "pending")
    bought = await purchase(shop)
    await dispatcher.drain()
    with clock.later(minutes=16):
        await jobs.alert_stuck_recharges(shop)
        await jobs.alert_stuck_recharges(shop)
    await relay.drain()
    entries = shop.documents["audit_entries"].find({"action": "recharge_stuck", "object.id": str(bought.id)})
    assert len(await entries.to_list()) == 1


async def test_a_second_base_plan_waits_behind_the_first_whichever_way_each_was_delivered(
    shop: Stores, dispatcher: Dispatcher
) -> None:
    user_id, number, plan = (
        await make_customer(shop, 2_000),
        await make_number(shop),
        (await find_plan(shop)).plan_id,
    )
    first = await buy(shop, user_id, number, plan)
    second = await buy(shop, user_id, number, plan, confirm_duplicate=True)
    await dispatcher.drain()
    async with shop.database.transaction() as db:
        states = [
            (await db.get_one(ActivePlan, (number, sale.answer.subscription_id))).status
            for sale in (first, second)
        ]
    assert sorted(states) == ["active", "queued"]
    assert await clean(shop)


async def test_the_same_plan_within_a_minute_is_a_duplicate_also_while_the_first_is_under_way(
    shop: Stores, dispatcher: Dispatcher
) -> None:
    from gencharge.recharge.errors import DuplicateRecharge

    user_id, number, plan = (
        await make_customer(shop, 2_000),
        await make_number(shop),
        (await find_plan(shop)).plan_id,
    )
    await buy(shop, user_id, number, plan)
    with pytest.raises(DuplicateRecharge):
        await buy(shop, user_id, number, plan)
    await dispatcher.drain()


async def test_a_wallet_that_does_not_cover_it_holds_nothing(shop: Stores, dispatcher: Dispatcher) -> None:
    from gencharge.wallet.errors import InsufficientBalance

    user_id, number, plan = (
        await make_customer(shop, 100),
        await make_number(shop),
        (await find_plan(shop)).plan_id,
    )
    with pytest.raises(InsufficientBalance):
        await buy(shop, user_id, number, plan)
    held = await wallet.show(shop.database, user_id, shop.settings)
    assert (held.balance.paise, held.held.paise) == (10_000, 0)


def signed(stores: Stores, body: bytes, *, at: float | None = None) -> dict[str, str]:
    stamp = str(int(at if at is not None else time.time()))
    secret = stores.settings.operator_api_secret.get_secret_value()
    mac = hmac.new(secret.encode(), stamp.encode() + b"." + body, sha256).hexdigest()
    return {"X-Timestamp": stamp, "X-Signature": mac, "Content-Type": "application/json"}


async def test_a_callback_makes_us_ask_at_once_and_a_wrong_one_changes_nothing(
    shop: Stores, dispatcher: Dispatcher, outside: Outside, client: httpx.AsyncClient, app: FastAPI
) -> None:
    outside.script(FIRST, "submit", "late_success", times=1, seconds=60)
    bought = await purchase(shop)
    await dispatcher.drain()
    [attempt] = await bought.attempts()
    path = f"/v1/recharge/callbacks/{FIRST}"
    lie = json.dumps({"reference": attempt.reference, "status": "failed"}).encode()
    assert (await client.post(path, content=lie, headers=signed(shop, lie))).status_code == 200
    await dispatcher.drain()
    assert (await bought.recharge()).status == "processing", "the operator itself says that it is under way"

    outside.control("PUT", "/sandbox/clock", {"advance_seconds": 100})
    until(lambda: delivered(outside) != [])
    truth = json.dumps({"reference": attempt.reference, "status": "success"}).encode()
    for _ in range(3):
        assert (await client.post(path, content=truth, headers=signed(shop, truth))).status_code == 200
    await dispatcher.drain()
    assert (await bought.recharge()).status == "delivered"
    assert (await client.post(path, content=lie, headers=signed(shop, lie))).status_code == 200
    await dispatcher.drain()
    assert (await bought.recharge()).status == "delivered"
    assert await clean(shop)


async def test_a_callback_with_a_bad_signature_or_an_old_one_or_an_unknown_reference_is_refused(
    shop: Stores, dispatcher: Dispatcher, client: httpx.AsyncClient, relay: Relay
) -> None:
    path = f"/v1/recharge/callbacks/{FIRST}"
    body = json.dumps({"reference": "nobody-knows", "status": "success"}).encode()
    forged = signed(shop, body) | {"X-Signature": "0" * 64}
    answer = await client.post(path, content=body, headers=forged)
    assert (answer.status_code, answer.json()["code"]) == (401, "callback_signature_invalid")
    old = await client.post(path, content=body, headers=signed(shop, body, at=time.time() - 301))
    assert old.status_code == 401
    unsigned = await client.post(path, content=body)
    assert unsigned.status_code == 401
    unknown = await client.post(path, content=body, headers=signed(shop, body))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "callback_reference_not_found")
    for nonsense in (b"[]", b"{", b'{"reference": 5, "status": "success"}'):
        refused = await client.post(path, content=nonsense, headers=signed(shop, nonsense))
        assert refused.status_code == 400
    await relay.drain()
    alerts = await shop.documents["audit_entries"].find({"action": "webhook_refused"}).to_list()
    assert {alert["reason"] for alert in alerts} >= {"wrong signature", "too old", "no timestamp"}
