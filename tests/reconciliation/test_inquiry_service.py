"""Asking a counterparty again: what its answer changes."""

from __future__ import annotations

from uuid import UUID

import pytest

from gencharge.reconciliation import inquiry_service
from gencharge.reconciliation.errors import ResolutionNotAllowed
from gencharge.reconciliation.models import (
    GATEWAY,
    DifferenceKind,
    DifferenceResolution,
    ReconciliationDifference,
)
from tests.make.reconciliation import (
    Shop,
    deferred_questions,
    resolve,
    sell_unknown,
    sell_with_fault,
    top_up,
)
from tests.money import balance


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
