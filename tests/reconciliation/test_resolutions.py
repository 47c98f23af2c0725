"""What is done about a difference moves exactly the right money, once, and leaves an entry and a clean ledger."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.recharge import service as recharge
from gencharge.reconciliation import inquiry_service, runs_service
from gencharge.reconciliation import resolutions_service as resolutions
from gencharge.reconciliation.errors import (
    DifferenceAlreadyResolved,
    DifferenceNotFound,
    DifferenceSuperseded,
    ResolutionNotAllowed,
)
from gencharge.reconciliation.models import ReconciliationDifference
from gencharge.reconciliation.staff_schemas import DifferenceOut, ResolveDifference
from gencharge.reconciliation.statements_service import Statement
from gencharge.sessions.guards import Principal
from tests.money import balance
from tests.reconciliation.conftest import FIRST, Shop, Sold

ADMIN = Principal(user_id=new_id(), kind="admin", session_id=new_id())


async def resolve(shop: Shop, found: ReconciliationDifference, resolution: str) -> DifferenceOut:
    wanted = ResolveDifference.model_validate({"resolution": resolution, "note": "agreed by phone"})
    return await shop.stores.database.run(
        lambda db: resolutions.resolve(db, ADMIN, found.run_id, found.difference_id, wanted)
    )


async def lost(shop: Shop) -> Sold:
    """A recharge that they delivered and whose end we never heard."""
    shop.outside.script(FIRST, "submit", "server_error_after", times=1)
    shop.outside.script(FIRST, "status", "server_error_before")
    [sold] = await shop.sell(1)
    shop.outside.control("DELETE", "/sandbox/scripts")
    return sold


async def missing(shop: Shop, script: str = "missing_row") -> ReconciliationDifference:
    """A recharge that we delivered, with a fault in their row."""
    await shop.sell(1)
    shop.outside.script(FIRST, "statement", script)
    return await shop.only(await shop.match())


async def test_settling_gives_the_held_money_to_the_operator_and_the_plan_to_the_customer(shop: Shop) -> None:
    sold = await lost(shop)
    found = await shop.only(await shop.match())
    done = await resolve(shop, found, "settle_delivered")
    assert (done.status, done.resolution, done.resolved_by) == ("resolved", "settle_delivered", ADMIN.user_id)
    recharge = await sold.recharge()
    assert (recharge.status, recharge.channel) == ("delivered", FIRST)
    assert recharge.operator_reference == found.detail["their_reference"]
    assert (await shop.balances())["operator:jio"] == 29_900 - 897
    assert await shop.clean() == []
    [entry] = await shop.entries(
        "reconciliation_difference_resolved", **{"object.id": str(found.difference_id)}
    )
    assert entry["reason"] == "agreed by phone"
    assert entry["changes"]["status"] == {"old": "open", "new": "resolved"}
    assert entry["details"]["moved_paise"] == 29_900
    again = await shop.match()
    assert (again.status, again.matched) == ("matched", 1)


async def test_what_was_settled_meanwhile_by_itself_is_resolved_without_moving_anything(shop: Shop) -> None:
    await lost(shop)
    found = await shop.only(await shop.match())
    with clock.later(days=1):
        await shop.dispatcher.drain()
    before = await shop.balances()
    assert (await resolve(shop, found, "settle_delivered")).status == "resolved"
    assert await shop.balances() == before
    assert await shop.clean() == []


async def test_what_they_call_failed_is_released_to_the_wallet(shop: Shop) -> None:
    sold = await lost(shop)
    statement = await shop.context.statement(FIRST, runs_service.today())
    [row] = statement.rows
    failed = Statement((replace(row, done=False),), (), "")
    found = await shop.only(await shop.match(file=failed))
    assert (found.kind, found.proposed_resolution) == ("status_differs", "fail_and_release")
    with pytest.raises(ResolutionNotAllowed):
        await resolve(shop, found, "settle_delivered")
    with pytest.raises(ResolutionNotAllowed):
        await resolve(shop, found, "write_off")
    assert (await resolve(shop, found, "fail_and_release")).status == "resolved"
    assert (await sold.recharge()).status == "failed"
    assert (await balance(shop.stores, sold.user_id)).paise == 100_000
    assert await shop.clean() == []


async def test_twenty_admins_at_once_refund_a_customer_once(shop: Shop) -> None:
    found = await missing(shop)
    answers = await asyncio.gather(*(resolve(shop, found, "refund_customer") for _ in range(20)))
    assert {answer.status for answer in answers} == {"resolved"}
    [sold] = shop.sold
    assert (await balance(shop.stores, sold.user_id)).paise == 100_000
    assert (await sold.recharge()).status == "refunded"
    balances = await shop.balances()
    assert (balances["operator:jio"], balances.get("revenue", 0)) == (0, 0)
    entries = await shop.entries(
        "reconciliation_difference_resolved", **{"object.id": str(found.difference_id)}
    )
    assert len(entries) == 1
    assert await shop.clean() == []


async def test_twenty_write_offs_at_once_bring_the_operators_account_to_their_statement(shop: Shop) -> None:
    found = await missing(shop)
    assert (await shop.balances())["operator:jio"] == 29_900 - 897
    await asyncio.gather(*(resolve(shop, found, "write_off") for _ in range(20)))
    balances = await shop.balances()
    assert (balances["operator:jio"], balances["write_off"]) == (0, 29_900 - 897)
    [moved] = await shop.written_off(found.difference_id)
    assert (moved.debit, moved.credit, moved.code) == ("operator:jio", "write_off", 15)
    assert await shop.clean() == []


@pytest.mark.parametrize(("script", "loss"), [("wrong_amount", 100), ("extra_row", 29_900 - 897)])
async def test_what_they_count_too_much_is_the_houses_loss_when_it_is_written_off(
    shop: Shop, script: str, loss: int
) -> None:
    found = await missing(shop, script)
    await resolve(shop, found, "write_off")
    balances = await shop.balances()
    assert (balances["operator:jio"], balances["write_off"]) == (29_900 - 897 + loss, -loss)
    assert await shop.clean() == []


async def test_a_dispute_can_be_claimed_and_then_written_off_but_not_settled(shop: Shop) -> None:
    sold = await lost(shop)
    await shop.stores.database.run(lambda db: recharge.fail(db, sold.user_id, sold.id, reason="by_hand"))
    found = await shop.only(await shop.match())
    for impossible in ("settle_delivered", "fail_and_release", "refund_customer"):
        with pytest.raises(ResolutionNotAllowed):
            await resolve(shop, found, impossible)
    before = await shop.balances()
    claimed = await resolve(shop, found, "claim_from_counterparty")
    assert (claimed.status, claimed.note) == ("claimed", "agreed by phone")
    assert await shop.balances() == before
    again = await shop.only(await shop.match())
    assert (again.status, again.difference_id) == ("claimed", found.difference_id), "a claim stands"
    with pytest.raises(DifferenceSuperseded):
        await resolve(shop, found, "write_off")
    await resolve(shop, again, "write_off")
    assert (await shop.balances())["write_off"] == -(29_900 - 897)
    assert await shop.clean() == []


async def test_what_was_resolved_stays_so_in_a_later_run_and_moves_no_money_again(shop: Shop) -> None:
    found = await missing(shop)
    await resolve(shop, found, "write_off")
    later = await shop.match()
    [again] = await shop.differences(later)
    assert (again.status, again.resolution, again.run_id) == ("resolved", "write_off", later.run_id)
    await resolve(shop, again, "write_off")
    assert len(await shop.written_off(found.difference_id)) == 1
    with pytest.raises(DifferenceAlreadyResolved):
        await resolve(shop, again, "refund_customer")
    assert await shop.clean() == []


async def test_a_superseded_difference_and_one_that_there_is_not_are_refused(shop: Shop) -> None:
    found = await missing(shop)
    await shop.match()
    with pytest.raises(DifferenceSuperseded):
        await resolve(shop, found, "none")
    found.difference_id = new_id()
    with pytest.raises(DifferenceNotFound):
        await resolve(shop, found, "none")


async def _deferred(shop: Shop) -> list[dict[str, Any]]:
    async with shop.stores.database.transaction() as db:
        await db.execute(text("SET LOCAL ROLE NONE"))
        rows = await db.execute(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = 'reconciliation.ask' ORDER BY id")
        )
        return [row.args for row in rows]


@pytest.mark.parametrize(("script", "proposed"), [(None, "none"), ("unknown", "refund_customer")])
async def test_asking_again_changes_the_proposal_by_what_they_say(
    shop: Shop, script: str | None, proposed: str
) -> None:
    found = await missing(shop)
    asked = await resolve(shop, found, "ask_operator_again")
    assert (asked.status, asked.resolution) == ("open", "ask_operator_again")
    ids = {"run_id": str(found.run_id), "difference_id": str(found.difference_id)}
    assert (await _deferred(shop))[-1] == ids
    if script:
        shop.outside.reset()
    await inquiry_service.ask(shop.context, found.run_id, found.difference_id)
    async with shop.stores.database.transaction() as db:
        now_is = await db.get_one(ReconciliationDifference, (found.run_id, found.difference_id))
    assert (now_is.status, now_is.proposed_resolution) == ("open", proposed)
    assert now_is.detail["answer"] == ("not_known" if script else "delivered")
    assert await shop.clean() == []


async def test_asking_again_about_an_unknown_end_settles_it(shop: Shop) -> None:
    sold = await lost(shop)
    found = await shop.only(await shop.match())
    await resolve(shop, found, "ask_operator_again")
    await inquiry_service.ask(shop.context, found.run_id, found.difference_id)
    await inquiry_service.ask(shop.context, found.run_id, found.difference_id)
    assert (await sold.recharge()).status == "delivered"
    async with shop.stores.database.transaction() as db:
        now_is = await db.get_one(ReconciliationDifference, (found.run_id, found.difference_id))
    assert (now_is.status, now_is.resolved_by) == ("resolved", UUID(int=0))
    assert await shop.clean() == []


async def test_nobody_can_ask_about_a_reference_that_nobody_knows(shop: Shop) -> None:
    found = await missing(shop, "extra_row")
    with pytest.raises(ResolutionNotAllowed):
        await resolve(shop, found, "ask_operator_again")
    assert (await resolve(shop, found, "none")).status == "resolved"
