"""What becomes of a payout when the gateway reports something about it: twice, late, in any order, wrongly, or not at all."""

from __future__ import annotations

import json
import secrets
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import Envelope, Inside
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.payouts import crud, listeners, send_service, staff_service
from gencharge.payouts.context_service import PayoutContext
from gencharge.payouts.events import PayoutContradicted
from gencharge.payouts.models import Payout
from gencharge.payouts.staff_schemas import SendPayout, SettlePayout
from tests.make.outside import NOBODY, Outside
from tests.make.payments import WEBHOOK, assert_clean, events_of, make_payer, signed
from tests.make.payouts import BANK, make_closed, payout_context, payout_of, send_due, sent, wake

TOPICS = ("PayoutPaid", "PayoutNeedsPayee")


class Reporter:
    """The gateway's webhooks about one payout."""

    def __init__(self, client: httpx.AsyncClient, stores: Stores, user_id: UUID) -> None:
        self.client, self.stores, self.user_id = client, stores, user_id
        # A delivered event is not stored.
        self._delivered: dict[str, list[dict[str, Any]]] = {topic: [] for topic in TOPICS}
        self.contradicted: list[PayoutContradicted] = []

    async def events(self, topic: str) -> list[dict[str, Any]]:
        """All events of this topic."""
        return self._delivered[topic] + await events_of(self.stores, self.user_id, topic)

    async def say(
        self, kind: str, payout: Payout, *, at: str | None = None, event_id: str = "", **entity: Any
    ) -> None:
        """Send it and let it act. `at`: the gateway's id of the payout."""
        facts = {
            "id": at or payout.gateway_payout_id or "pout_00000000000001",
            "reference_id": send_service.reference_of(payout),
            "amount": payout.amount,
            "status": kind.removeprefix("payout."),
            "notes": {"user_id": str(self.user_id)},
        }
        payload = {"payout": {"entity": facts | entity}}
        body = json.dumps({"entity": "event", "event": kind, "payload": payload}).encode()
        headers = {
            "X-Razorpay-Signature": signed(self.stores, body),
            "X-Razorpay-Event-Id": event_id or f"evt_{secrets.token_hex(7)}",
            "Content-Type": "application/json",
        }
        answer = await self.client.post(WEBHOOK, content=body, headers=headers)
        assert answer.status_code == 200, answer.text
        for topic, delivered in self._delivered.items():
            delivered += await events_of(self.stores, self.user_id, topic)

        async def collect(db: AsyncSession, envelope: Envelope) -> None:
            del db
            assert isinstance(envelope.event, PayoutContradicted)
            self.contradicted.append(envelope.event)

        heard = Inside("test-contradicted", (PayoutContradicted,), collect)
        await Relay(self.stores, (*listeners.LISTENERS, heard)).drain()


def take_back(outside: Outside, seconds: float = 3600) -> None:
    """The next payout arrives, and its bank sends it back after so many seconds."""
    outside.script("gateway", "payout", "late_return", seconds=seconds, times=1)


def pass_days(outside: Outside, days: float = 3) -> None:
    outside.control("PUT", "/sandbox/clock", {"advance_seconds": days * 86_400})


async def come_back(context: PayoutContext, outside: Outside, payout: Payout) -> None:
    """The days pass, and the gateway knows that the money came back."""
    pass_days(outside)
    for _ in range(200):
        answer = await sent(context).fetch_payout(payout.gateway_payout_id or "")
        if answer.status == "reversed":
            return
    raise AssertionError("the sandbox has not taken it back")


@pytest.fixture
async def arrived(
    context: PayoutContext, outside: Outside, stores: Stores, api: httpx.AsyncClient
) -> tuple[Reporter, Payout]:
    """A payout that arrived, and whose bank will send it back; of a sum that one admin may send elsewhere."""
    take_back(outside)
    user_id, _ = await make_closed(context, stores, rupees=400)
    await send_due(context)
    payout = await payout_of(stores, user_id)
    assert payout.status == "paid"
    return Reporter(api, stores, user_id), payout


async def test_money_that_the_bank_sends_back_days_later_needs_a_payee_again(
    context: PayoutContext, outside: Outside, stores: Stores, arrived: tuple[Reporter, Payout]
) -> None:
    reporter, paid = arrived
    await come_back(context, outside, paid)
    await send_due(context)
    assert (await payout_of(stores, reporter.user_id)).status == "paid", "nobody asked yet"
    await reporter.say("payout.reversed", paid)
    await send_due(context)
    back = await payout_of(stores, reporter.user_id)
    assert (back.status, back.round, back.reason) == ("needs_payee", 2, "beneficiary_bank_rejected")
    assert (back.utr, back.paid_at, back.gateway_payout_id) == (None, None, None)
    assert (back.next_attempt_at, back.leased_until) == (None, None)
    assert back.ended_payout_ids == [paid.gateway_payout_id]
    [event] = await reporter.events("PayoutNeedsPayee")
    assert event["returned_utr"] == paid.utr
    await assert_clean(stores)
    # Once more, to another payee: another round, another reference, paid once.
    command = SendPayout.model_validate({**BANK, "reason": "a letter"})
    await staff_service.send(context, new_id(), reporter.user_id, paid.payout_id, command)
    await send_due(context)
    again = await payout_of(stores, reporter.user_id)
    assert (again.status, again.round) == ("paid", 2)
    assert again.utr != paid.utr
    assert len(await reporter.events("PayoutPaid")) == 2
    await assert_clean(stores)


@pytest.mark.parametrize("order", list(permutations(("initiated", "processed", "reversed"))))
async def test_each_order_of_webhooks_each_of_them_twice_ends_alike(
    context: PayoutContext,
    outside: Outside,
    stores: Stores,
    arrived: tuple[Reporter, Payout],
    order: tuple[str, ...],
) -> None:
    reporter, paid = arrived
    await come_back(context, outside, paid)
    for name in order:
        event_id = f"evt_{secrets.token_hex(7)}"
        for _ in range(2):
            await reporter.say(f"payout.{name}", paid, event_id=event_id)
            await send_due(context)
        await reporter.say(f"payout.{name}", paid)
        await send_due(context)
    back = await payout_of(stores, reporter.user_id)
    assert (back.status, back.round) == ("needs_payee", 2)
    assert back.reason == "beneficiary_bank_rejected", "what is old is no news"
    assert len(await reporter.events("PayoutNeedsPayee")) == 1
    assert len(await reporter.events("PayoutPaid")) == 1
    assert reporter.contradicted == []
    await assert_clean(stores)


async def test_a_webhook_that_is_wrong_changes_nothing(
    context: PayoutContext, stores: Stores, api: httpx.AsyncClient
) -> None:
    user_id, _ = await make_closed(context, stores)
    await send_due(context)
    paid, reporter = await payout_of(stores, user_id), Reporter(api, stores, user_id)
    await reporter.say("payout.reversed", paid)
    await send_due(context)
    after = await payout_of(stores, user_id)
    assert (after.status, after.utr, after.leased_until) == ("paid", paid.utr, None)
    assert after.next_attempt_at == paid.next_attempt_at


async def test_a_webhook_that_comes_before_our_own_answer_has_it_asked_about(
    context: PayoutContext, outside: Outside, stores: Stores, api: httpx.AsyncClient
) -> None:
    user_id, _ = await make_closed(context, stores)
    outside.script("gateway", "payout", "lost_connection_after_accept", times=1)
    await send_due(context)
    waiting = await payout_of(stores, user_id)
    assert (waiting.status, waiting.gateway_payout_id) == ("due", None)
    await send_due(context)
    assert (await payout_of(stores, user_id)).status == "due", "not its time"
    reporter = Reporter(api, stores, user_id)
    await reporter.say("payout.processed", waiting)
    await send_due(context)
    payout = await payout_of(stores, user_id)
    assert (payout.status, payout.utr is not None) == ("paid", True)
    assert len(await reporter.events("PayoutPaid")) == 1


async def test_without_a_webhook_it_is_asked_for_two_weeks_and_then_no_more(
    context: PayoutContext, stores: Stores
) -> None:
    user_id, _ = await make_closed(context, stores)
    await send_due(context)
    for days, following in ((1.5, 3), (3.5, 7), (10, 14), (15, None)):
        paid_at = await pay_earlier(stores, user_id, days)
        await send_due(context)
        payout = await payout_of(stores, user_id)
        expected = None if following is None else paid_at + timedelta(days=following)
        assert (payout.status, payout.next_attempt_at, payout.leased_until) == ("paid", expected, None)


async def pay_earlier(stores: Stores, user_id: UUID, days: float) -> datetime:
    """The payout was paid so many days ago, and is due to be asked about."""
    paid_at = clock.now() - timedelta(days=days)
    values = {"paid_at": paid_at, "next_attempt_at": clock.now() - timedelta(seconds=1)}
    statement = update(Payout).where(Payout.user_id == user_id).values(values)
    await stores.database.run(lambda db: db.execute(statement))
    return paid_at


async def test_one_whose_webhook_was_lost_is_found_by_asking(
    context: PayoutContext, outside: Outside, stores: Stores, arrived: tuple[Reporter, Payout]
) -> None:
    reporter, paid = arrived
    await come_back(context, outside, paid)
    await wake(stores, reporter.user_id)
    away = payout_context(stores, NOBODY)
    await pay_earlier(stores, reporter.user_id, 20)
    await send_due(away)
    await away.close()
    waiting = await payout_of(stores, reporter.user_id)
    assert waiting.status == "paid"
    assert waiting.next_attempt_at is not None, "after the last look it is asked until there is an answer"
    await wake(stores, reporter.user_id)
    await send_due(context)
    assert (await payout_of(stores, reporter.user_id)).status == "needs_payee"


async def test_a_webhook_during_a_look_has_it_asked_once_more(
    context: PayoutContext, outside: Outside, stores: Stores, arrived: tuple[Reporter, Payout]
) -> None:
    reporter, paid = arrived
    await wake(stores, reporter.user_id)
    [claimed] = await stores.database.run(lambda db: crud.claim_due(db, limit=1, lease_seconds=60))
    # The worker has the gateway's answer, and before it is written down the money comes back.
    await come_back(context, outside, paid)
    await reporter.say("payout.reversed", paid)
    await stores.database.run(lambda db: crud.set_next_look(db, claimed, at=clock.now() + timedelta(days=1)))
    await send_due(context)
    assert (await payout_of(stores, reporter.user_id)).status == "needs_payee"


async def test_a_webhook_while_it_is_asked_whether_it_arrived_has_it_asked_at_once_again(
    context: PayoutContext, stores: Stores, api: httpx.AsyncClient
) -> None:
    user_id, _ = await make_closed(context, stores)
    [claimed] = await stores.database.run(lambda db: crud.claim_due(db, limit=1, lease_seconds=60))
    await Reporter(api, stores, user_id).say("payout.processed", claimed)
    # The answer that the worker has is from before that.
    tomorrow = clock.now() + timedelta(days=1)
    await stores.database.run(
        lambda db: crud.set_later(db, claimed, at=tomorrow, reason=None, gateway_payout_id=None)
    )
    await send_due(context)
    assert (await payout_of(stores, user_id)).status == "paid"


async def test_an_attempt_that_was_refused_and_arrived_after_all_is_told_to_the_staff(
    context: PayoutContext, outside: Outside, stores: Stores, api: httpx.AsyncClient
) -> None:
    outside.script("gateway", "payout", "decline")
    user_id, payout_id = await make_closed(context, stores)
    first = await payout_of(stores, user_id)
    await send_due(context)
    assert (await payout_of(stores, user_id)).status == "needs_payee"
    reporter = Reporter(api, stores, user_id)
    for old in ("payout.initiated", "payout.reversed"):
        await reporter.say(old, first)
    assert reporter.contradicted == []
    await reporter.say("payout.processed", first, at="pout_00000000000077")
    payout = await payout_of(stores, user_id)
    assert (payout.status, payout.reason) == ("needs_payee", "arrived_after_all")
    [event] = reporter.contradicted
    assert (event.payout_id, event.gateway_payout_id) == (str(payout_id), "pout_00000000000077")
    # The staff compare, and give its proof.
    proof = SettlePayout(utr=f"AXIS{payout_id.hex[-20:]}", reason="compared with the gateway")
    await stores.database.run(
        lambda db: staff_service.settle(db, new_id(), user_id, payout_id, proof, alone_limit=700)
    )
    await reporter.say("payout.reversed", await payout_of(stores, user_id))
    settled = await payout_of(stores, user_id)
    assert (settled.status, settled.next_attempt_at) == ("paid", None), "the gateway did not send it"
    await assert_clean(stores)


async def test_what_is_said_of_other_payouts_is_taken_and_forgotten(
    context: PayoutContext, stores: Stores, api: httpx.AsyncClient
) -> None:
    user_id, _ = await make_closed(context, stores)
    await send_due(context)
    payout = await payout_of(stores, user_id)
    reporter, stranger = Reporter(api, stores, user_id), Reporter(api, stores, await make_payer(stores))
    for other in ("salary-4711", f"{new_id().hex}-1", f"{payout.payout_id.hex}-7", f"{payout.payout_id.hex}"):
        await reporter.say("payout.reversed", payout, reference_id=other)
    await stranger.say("payout.reversed", payout)
    await reporter.say("payout.reversed", payout, notes={})
    after = await payout_of(stores, user_id)
    assert (after.next_attempt_at, after.status) == (payout.next_attempt_at, "paid")
    async with stores.database.transaction() as db:
        assert await db.scalar(select(func.count()).where(Payout.user_id == stranger.user_id)) == 0
