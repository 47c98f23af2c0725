"""Asking a counterparty again: what its answer changes."""

from __future__ import annotations

from uuid import UUID

import pytest

from gencharge.channels.answers import Answer, Verdict
from gencharge.core.values.ids import new_id
from gencharge.reconciliation import inquiry_service
from gencharge.reconciliation.errors import ResolutionNotAllowed
from gencharge.reconciliation.models import (
    GATEWAY,
    DifferenceKind,
    DifferenceResolution,
    ReconciliationDifference,
)
from tests.make.money import balance
from tests.make.reconciliation import (
    Shop,
    deferred_questions,
    reload,
    resolve,
    sell_unknown,
    sell_with_fault,
    top_up,
)


@pytest.mark.parametrize(("script", "proposed"), [(None, "none"), ("unknown", "refund_customer")])
async def test_asking_again_changes_the_proposal_by_what_they_say(
    shop: Shop, script: str | None, proposed: str
) -> None:
    difference = await sell_with_fault(shop)
    asked = await resolve(shop, difference, "ask_operator_again")
    assert (asked.status, asked.resolution) == ("open", "ask_operator_again")
    ids = {"run_id": str(difference.run_id), "difference_id": str(difference.difference_id)}
    assert (await deferred_questions(shop))[-1] == ids
    if script:
        shop.outside.reset()
    await inquiry_service.ask(shop.context, difference.run_id, difference.difference_id)
    async with shop.stores.database.transaction() as db:
        reloaded = await db.get_one(ReconciliationDifference, (difference.run_id, difference.difference_id))
    assert (reloaded.status, reloaded.proposed_resolution) == ("open", proposed)
    assert reloaded.detail["answer"] == ("not_known" if script else "delivered")
    assert await shop.clean() == []


async def test_asking_again_about_an_unknown_end_settles_it(shop: Shop) -> None:
    sold = await sell_unknown(shop)
    difference = await shop.only(await shop.match())
    await resolve(shop, difference, "ask_operator_again")
    await inquiry_service.ask(shop.context, difference.run_id, difference.difference_id)
    await inquiry_service.ask(shop.context, difference.run_id, difference.difference_id)
    assert (await sold.recharge()).status == "delivered"
    async with shop.stores.database.transaction() as db:
        reloaded = await db.get_one(ReconciliationDifference, (difference.run_id, difference.difference_id))
    assert (reloaded.status, reloaded.resolved_by) == ("resolved", UUID(int=0))
    assert await shop.clean() == []


async def test_a_capture_whose_webhook_was_lost_is_credited_by_asking_and_never_written_off(
    shop: Shop,
) -> None:
    user_id, opened, gateway_id = await top_up(shop, learn=False)
    difference = await shop.only(await shop.match(GATEWAY))
    assert (difference.kind, difference.proposed_resolution) == (
        DifferenceKind.MISSING_AT_OURS,
        DifferenceResolution.ASK_OPERATOR_AGAIN,
    )
    assert (difference.reference, difference.payment_id, difference.user_id) == (
        gateway_id,
        opened.payment_id,
        user_id,
    )
    with pytest.raises(ResolutionNotAllowed):
        await resolve(shop, difference, "write_off")
    await resolve(shop, difference, "ask_operator_again")
    await inquiry_service.ask(shop.context, difference.run_id, difference.difference_id)
    assert (await balance(shop.stores, user_id)).paise == 50_000
    async with shop.stores.database.transaction() as db:
        reloaded = await db.get_one(ReconciliationDifference, (difference.run_id, difference.difference_id))
    assert (reloaded.status, reloaded.detail["answer"]) == ("resolved", "captured")
    assert (await shop.match(GATEWAY)).status == "matched"
    assert await shop.clean() == []


@pytest.mark.parametrize("ending", ["resolved", "superseded", "unknown"])
async def test_a_counterparty_is_not_asked_about_a_difference_that_is_settled(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    difference = await sell_with_fault(shop)
    if ending == "resolved":
        await resolve(shop, difference, "none")
    elif ending == "superseded":
        await shop.match()
    difference_id = new_id() if ending == "unknown" else difference.difference_id

    async def status(*_arguments: object) -> Answer:
        raise AssertionError("the operator was asked")

    monkeypatch.setattr(shop.context.operators, "status", status)
    await inquiry_service.ask(shop.context, difference.run_id, difference_id)
    assert "answer" not in (await reload(shop, difference)).detail


async def test_an_answer_that_comes_after_the_resolution_changes_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    difference = await sell_with_fault(shop)

    async def status(*_arguments: object) -> Answer:
        await resolve(shop, difference, "refund_customer")
        return Answer(Verdict.DELIVERED, "OP1")

    monkeypatch.setattr(shop.context.operators, "status", status)
    await inquiry_service.ask(shop.context, difference.run_id, difference.difference_id)
    after = await reload(shop, difference)
    assert (after.status, after.resolution, "answer" in after.detail) == (
        "resolved",
        "refund_customer",
        False,
    )
    assert await shop.clean() == []


@pytest.mark.parametrize(
    ("verdict", "proposed"),
    [
        (Verdict.DELIVERED, "none"),
        (Verdict.REFUSED, "refund_customer"),
        (Verdict.NOT_KNOWN, "refund_customer"),
        (Verdict.ACCEPTED, "ask_operator_again"),
        (Verdict.UNKNOWN, "ask_operator_again"),
        (Verdict.NOT_SENT, "ask_operator_again"),
    ],
)
async def test_each_answer_about_a_delivered_recharge_moves_no_money_by_itself(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, verdict: Verdict, proposed: str
) -> None:
    difference = await sell_with_fault(shop)
    before = await shop.balances()

    async def status(*_arguments: object) -> Answer:
        return Answer(verdict, reason="their word")

    monkeypatch.setattr(shop.context.operators, "status", status)
    await inquiry_service.ask(shop.context, difference.run_id, difference.difference_id)
    after = await reload(shop, difference)
    assert (after.status, after.proposed_resolution) == ("open", proposed)
    assert (after.detail["answer"], after.detail["answer_reason"]) == (verdict.value, "their word")
    assert await shop.balances() == before
