"""A payout arrives once, whatever the gateway answers and wherever a worker stops; only the bank's reference proves it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.payouts import crud, send_service
from gencharge.payouts.context_service import PayoutContext
from tests.make.outside import NOBODY, Outside
from tests.make.payments import assert_clean, events_of
from tests.make.payouts import BANK, make_closed, payout_context, payout_of, send_due, sent, wake


async def test_a_payout_arrives_with_the_banks_reference(context: PayoutContext, stores: Stores) -> None:
    for payee in ({}, BANK):
        user_id, _ = await make_closed(context, stores, **payee)
        await send_due(context)
        payout = await payout_of(stores, user_id)
        assert (payout.status, payout.leased_until, payout.paid_by) == ("paid", None, None)
        assert payout.paid_at is not None
        assert payout.next_attempt_at == payout.paid_at + timedelta(days=1), "it may come back"
        assert payout.utr is not None
        assert payout.utr.startswith("SBXN")
        at_gateway = await sent(context).find_payout(send_service.reference_of(payout))
        assert at_gateway is not None
        assert (at_gateway.amount, at_gateway.utr) == (70_000, payout.utr)
        [event] = await events_of(stores, user_id, "PayoutPaid")
        assert (event["utr"], event["amount_paise"]) == (payout.utr, 70_000)
        assert event["destination"] == payout.destination
    await assert_clean(stores)


@pytest.mark.parametrize(
    "script",
    [
        "time_out_before",
        "time_out_after",
        "server_error_before",
        "server_error_after",
        "lost_connection_before",
        "lost_connection_after_accept",
        "garbage",
        "huge_body",
        "too_many_requests",
        "redirect",
    ],
)
async def test_an_answer_that_is_lost_is_asked_for_and_pays_once(
    stores: Stores, context: PayoutContext, outside: Outside, script: str
) -> None:
    user_id, _ = await make_closed(context, stores)
    impatient = payout_context(stores, outside.base, timeout_seconds=0.5)
    outside.script("gateway", "payout", script, times=1)
    await send_due(impatient)
    assert (await payout_of(stores, user_id)).status == "due"
    await wake(stores, user_id)
    await send_due(context)
    payout = await payout_of(stores, user_id)
    assert (payout.status, payout.reason) == ("paid", None)
    at_gateway = await sent(context).find_payout(send_service.reference_of(payout))
    assert at_gateway is not None
    assert at_gateway.gateway_payout_id == payout.gateway_payout_id, "it was paid once"
    assert len(await events_of(stores, user_id, "PayoutPaid")) == 1
    await impatient.close()


async def test_a_worker_that_stopped_before_and_after_its_call_pays_once(
    context: PayoutContext, stores: Stores
) -> None:
    user_id, _ = await make_closed(context, stores)
    for _ in range(2):
        # One that took it and did nothing, then one that sent it and wrote nothing down.
        [claimed] = await stores.database.run(lambda db: crud.claim_due(db, limit=1, lease_seconds=60))
        await wake(stores, user_id)
    await send_service._send(context, sent(context), claimed)
    await send_due(context)
    payout = await payout_of(stores, user_id)
    assert (payout.status, payout.attempts) == ("paid", 3)


async def test_one_that_takes_its_time_is_asked_about_until_it_arrives_or_comes_back(
    context: PayoutContext, outside: Outside, stores: Stores
) -> None:
    outside.script("gateway", "payout", "late_failure", seconds=0.3, times=1)
    user_id, _ = await make_closed(context, stores)
    await send_due(context)
    waiting = await payout_of(stores, user_id)
    assert (waiting.status, waiting.gateway_payout_id is not None, waiting.utr) == ("due", True, None)
    for _ in range(50):
        await asyncio.sleep(0.1)
        await wake(stores, user_id)
        await send_due(context)
        if (await payout_of(stores, user_id)).status != "due":
            break
    back = await payout_of(stores, user_id)
    assert (back.status, back.reason, back.round) == ("needs_payee", "beneficiary_bank_rejected", 2)
    assert (back.gateway_payout_id, back.fund_account, back.next_attempt_at) == (None, None, None)
    [event] = await events_of(stores, user_id, "PayoutNeedsPayee")
    assert event["reason"] == "beneficiary_bank_rejected"
    await assert_clean(stores)


async def test_a_refusal_at_the_first_attempt_is_proof_and_after_an_unknown_one_it_takes_two(
    context: PayoutContext, outside: Outside, stores: Stores
) -> None:
    outside.script("gateway", "payout", "decline")
    refused, _ = await make_closed(context, stores)
    await send_due(context)
    assert (await payout_of(stores, refused)).status == "needs_payee"
    unknown, _ = await make_closed(context, stores)
    away = payout_context(stores, NOBODY)
    await send_due(away)
    await away.close()
    # What may have arrived at an unknown end makes the refusal before it worthless.
    for side, expected in (
        (context, "due"),
        (payout_context(stores, NOBODY), "due"),
        (context, "due"),
        (context, "needs_payee"),
    ):
        await wake(stores, unknown)
        await send_due(side)
        assert (await payout_of(stores, unknown)).status == expected
        if side is not context:
            await side.close()


async def test_an_answer_about_another_amount_pays_nothing(context: PayoutContext, stores: Stores) -> None:
    user_id, payout_id = await make_closed(context, stores)
    [claimed] = await stores.database.run(lambda db: crud.claim_due(db, limit=1, lease_seconds=60))
    claimed.amount -= 1
    await send_service._send(context, sent(context), claimed)
    await wake(stores, user_id)
    await send_due(context)
    payout = await payout_of(stores, user_id)
    assert (payout.payout_id, payout.status, payout.reason) == (payout_id, "due", "payout_differs")


async def test_without_an_account_for_payouts_they_wait(context: PayoutContext, stores: Stores) -> None:
    user_id, _ = await make_closed(context, stores)
    await send_due(PayoutContext(stores.settings, stores.database, None))
    assert (await payout_of(stores, user_id)).status == "due"
    async with stores.database.transaction() as db:
        ahead = text("SELECT next_attempt_at > now() FROM payouts WHERE user_id = :user_id")
        assert await db.scalar(ahead, {"user_id": user_id}) is True
