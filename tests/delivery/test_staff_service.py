"""The staff end a pending recharge: as delivered, or as failed with a refund; once, under the locks of every other end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest

from gencharge.channels.service import Answer, Channel, Verdict
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.delivery import staff_service
from gencharge.delivery.context_service import DeliveryContext
from gencharge.delivery.errors import RechargeNotPending, SecondAdminRequired, SubmissionUnanswered
from gencharge.delivery.staff_schemas import ResolutionRequestedOut, ResolveRecharge
from gencharge.recharge.errors import RechargeNotFound
from gencharge.sessions.guards import Principal
from tests.make.delivery import FIRST, Purchase, purchase
from tests.make.recharge import assert_books_balance, list_events, run_sql


def admin(*operators: str) -> Principal:
    return Principal(
        user_id=uuid4(), kind="admin", session_id=uuid4(), role="Manager", operator_scope=tuple(operators)
    )


class Operators:
    """The operators' side of a question: what each answers now, and which references were asked about."""

    def __init__(self, reply: Answer) -> None:
        self.reply = reply
        self.references: list[str] = []

    async def status(self, channel: Channel, reference: str) -> Answer:
        assert channel.code == FIRST
        self.references.append(reference)
        return self.reply


SILENT = Answer(Verdict.UNKNOWN, reason="TimeoutError")


async def resolve(
    bought: Purchase,
    outcome: str,
    reference: str | None = None,
    *,
    operators: Sequence[str] = (),
    by: Principal | None = None,
    reply: Answer = SILENT,
    limit: int = 500,
) -> Any:
    command = ResolveRecharge.model_validate(
        {"outcome": outcome, "operator_reference": reference, "reason": "seen in the portal"}
    )
    settings = bought.stores.settings.model_copy(update={"resolve_alone_limit": limit})
    context = DeliveryContext(settings, bought.stores.database, Operators(reply))
    return await staff_service.resolve(context, by or admin(*operators), bought.user_id, bought.id, command)


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.UNKNOWN])
async def test_delivered_moves_the_money_with_the_channels_commission_and_starts_the_plan(
    jio: Stores, verdict: Verdict
) -> None:
    bought = await purchase(jio)
    await bought.answer(await bought.submit(), verdict)
    shown = await resolve(bought, "delivered", "J-77")
    assert (shown.status, shown.user_id, shown.recharge_id) == ("active", bought.user_id, bought.id)
    assert await bought.statuses() == ("delivered", "active", "settled")
    recharge = await bought.recharge()
    assert (recharge.operator_reference, recharge.channel) == ("J-77", FIRST)
    assert (await bought.transfers())[("operator:jio", "revenue")] == 897
    assert await bought.balance() == 70_100
    await assert_books_balance(jio)


async def test_delivered_without_any_submission_earns_no_commission(jio: Stores) -> None:
    bought = await purchase(jio)
    await resolve(bought, "delivered")
    assert ("operator:jio", "revenue") not in await bought.transfers()
    assert await bought.statuses() == ("delivered", "active", "settled")
    await assert_books_balance(jio)


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.UNKNOWN])
async def test_failed_releases_the_money_and_cancels_the_plan(jio: Stores, verdict: Verdict) -> None:
    bought = await purchase(jio)
    await bought.answer(await bought.submit(), verdict)
    await bought.age()
    shown = await resolve(bought, "failed")
    assert (shown.status, shown.failure_reason) == ("failed", "resolved_by_staff")
    assert await bought.statuses() == ("failed", "cancelled", "failed")
    assert await bought.balance() == 100_000
    await assert_books_balance(jio)


@pytest.mark.parametrize("verdict", [None, Verdict.ACCEPTED, Verdict.UNKNOWN])
async def test_a_recharge_that_an_operator_may_still_deliver_is_not_refunded_by_hand(
    jio: Stores, verdict: Verdict | None
) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    if verdict is not None:
        await bought.answer(reference, verdict)
    await bought.age(14)
    with pytest.raises(SubmissionUnanswered, match=f"^{FIRST} has this recharge since"):
        await resolve(bought, "failed")
    assert await bought.balance() == 70_100
    assert (await bought.recharge()).status != "failed"
    await bought.age(1)
    assert (await resolve(bought, "failed")).status == "failed"
    assert await bought.balance() == 100_000
    await assert_books_balance(jio)


async def test_what_no_operator_has_is_refunded_at_once(jio: Stores) -> None:
    never_sent = await purchase(jio)
    assert (await resolve(never_sent, "failed")).status == "failed"
    not_sent = await purchase(jio)
    await not_sent.answer(await not_sent.submit(), Verdict.NOT_SENT)
    assert (await resolve(not_sent, "failed")).status == "failed"


@pytest.mark.parametrize(("outcome", "status"), [("delivered", "delivered"), ("failed", "failed")])
async def test_the_event_says_what_changed_and_why(jio: Stores, outcome: str, status: str) -> None:
    bought = await purchase(jio)
    await bought.answer(await bought.submit(), Verdict.UNKNOWN)
    await bought.age()
    await resolve(bought, outcome)
    [event] = await list_events(jio, bought.user_id, "RechargeResolved")
    assert event == {
        "user_id": str(bought.user_id),
        "recharge_id": str(bought.id),
        "operator": "JIO",
        "reason": "seen in the portal",
        "changes": {"status": {"old": "unknown", "new": status}},
    }


@pytest.mark.parametrize("outcome", ["delivered", "failed"])
async def test_what_has_ended_is_not_ended_again(jio: Stores, outcome: str) -> None:
    for end in ("delivered", "failed"):
        bought = await purchase(jio)
        await resolve(bought, end)
        balance = await bought.balance()
        with pytest.raises(RechargeNotPending) as refused:
            await resolve(bought, outcome)
        assert end in str(refused.value.detail)
        assert await bought.balance() == balance


async def test_a_recharge_that_waits_for_its_payment_is_not_pending_at_an_operator(jio: Stores) -> None:
    bought = await purchase(jio)
    await run_sql(jio, "UPDATE recharges SET status = 'payment_pending' WHERE id = :id", id=bought.id)
    try:
        with pytest.raises(RechargeNotPending):
            await resolve(bought, "failed")
    finally:
        await run_sql(jio, "UPDATE recharges SET status = 'processing' WHERE id = :id", id=bought.id)


async def test_another_operators_recharge_does_not_exist(jio: Stores) -> None:
    bought = await purchase(jio)
    with pytest.raises(RechargeNotFound):
        await resolve(bought, "failed", operators=("AIRTEL", "VI"))
    assert (await bought.recharge()).status == "processing"
    assert (await resolve(bought, "failed", operators=("JIO",))).status == "failed"


async def test_ten_admins_who_end_one_recharge_at_once_end_it_once(jio: Stores) -> None:
    bought = await purchase(jio)
    await bought.answer(await bought.submit(), Verdict.UNKNOWN)
    await bought.age()
    outcomes = ["delivered", "failed"] * 5
    results = await asyncio.gather(*(resolve(bought, each) for each in outcomes), return_exceptions=True)
    assert sum(isinstance(result, RechargeNotPending) for result in results) == 9
    assert len(await list_events(jio, bought.user_id, "RechargeResolved")) == 1
    assert await bought.balance() in {70_100, 100_000}
    await assert_books_balance(jio)


async def test_an_operator_that_delivers_after_the_staff_refunded_is_disputed(jio: Stores) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    await bought.age()
    await resolve(bought, "failed")
    await bought.answer(reference, Verdict.DELIVERED, operator_reference="J-8")
    [dispute] = await list_events(jio, bought.user_id, "DeliveryDisputed")
    assert (dispute["reference"], dispute["amount_paise"]) == (reference, 29_900)
    assert await bought.balance() == 100_000
    await assert_books_balance(jio)


async def test_an_operator_that_refuses_after_the_staff_settled_changes_nothing(jio: Stores) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    await resolve(bought, "delivered")
    await bought.answer(reference, Verdict.REFUSED)
    assert await bought.statuses() == ("delivered", "active", "settled")
    assert await bought.balance() == 70_100
    await assert_books_balance(jio)


async def test_before_a_refund_the_operator_is_asked_and_delivered_wins(jio: Stores) -> None:
    bought = await purchase(jio)
    await bought.answer(await bought.submit(), Verdict.UNKNOWN)
    with pytest.raises(RechargeNotPending, match="says how it ended: this recharge is delivered"):
        await resolve(bought, "failed", reply=Answer(Verdict.DELIVERED, "J-9"))
    assert await bought.statuses() == ("delivered", "active", "settled")
    assert (await bought.recharge()).operator_reference == "J-9"
    assert await bought.balance() == 70_100
    assert await list_events(jio, bought.user_id, "RechargeResolved") == []
    await assert_books_balance(jio)


async def test_an_operator_that_refuses_when_it_is_asked_needs_no_patience_and_no_second_admin(
    jio: Stores,
) -> None:
    bought = await purchase(jio)
    await bought.answer(await bought.submit(), Verdict.ACCEPTED)
    shown = await resolve(bought, "failed", reply=Answer(Verdict.REFUSED, reason="invalid_number"), limit=0)
    assert shown.status == "failed"
    assert await bought.outcomes() == ["refused"]
    assert await bought.balance() == 100_000
    await assert_books_balance(jio)


async def test_above_a_sum_a_second_admin_must_ask_for_the_same(jio: Stores) -> None:
    bought, first, second = await purchase(jio), admin(), admin()
    await bought.answer(await bought.submit(), Verdict.UNKNOWN)
    await bought.age()
    requested = await resolve(bought, "failed", by=first, limit=298)
    assert isinstance(requested, ResolutionRequestedOut)
    assert (requested.requested_by, requested.recharge_id) == (first.user_id, bought.id)
    assert (await bought.recharge()).status == "unknown"
    assert await bought.balance() == 70_100
    with pytest.raises(SecondAdminRequired):
        await resolve(bought, "failed", by=first, limit=298)
    assert len(await list_events(jio, bought.user_id, "RechargeResolutionRequested")) == 1
    assert (await resolve(bought, "failed", by=second, limit=298)).status == "failed"
    assert await bought.balance() == 100_000
    await assert_books_balance(jio)


async def test_a_request_counts_for_a_day(jio: Stores) -> None:
    bought, first, second = await purchase(jio), admin(), admin()
    await bought.answer(await bought.submit(), Verdict.UNKNOWN)
    await bought.age()
    await resolve(bought, "failed", by=first, limit=0)
    with clock.later(hours=25):
        again = await resolve(bought, "failed", by=second, limit=0)
        assert isinstance(again, ResolutionRequestedOut)
        assert again.requested_by == second.user_id
        assert (await resolve(bought, "failed", by=first, limit=0)).status == "failed"


async def test_at_the_sum_and_for_what_no_operator_has_one_admin_is_enough(jio: Stores) -> None:
    at_the_sum = await purchase(jio)
    await at_the_sum.answer(await at_the_sum.submit(), Verdict.UNKNOWN)
    await at_the_sum.age()
    assert (await resolve(at_the_sum, "failed", limit=299)).status == "failed"
    never_sent = await purchase(jio)
    assert (await resolve(never_sent, "failed", limit=0)).status == "failed"


async def test_two_first_admins_at_once_make_one_request_and_one_refund(jio: Stores) -> None:
    bought = await purchase(jio)
    await bought.answer(await bought.submit(), Verdict.UNKNOWN)
    await bought.age()
    results = await asyncio.gather(*(resolve(bought, "failed", limit=0) for _ in range(2)))
    assert sorted(type(result).__name__ for result in results) == [
        "ResolutionRequestedOut",
        "StaffRechargeOut",
    ]
    assert await bought.balance() == 100_000
    await assert_books_balance(jio)
