"""Each resolution moves exactly the right money, once, and leaves an audit entry and a balanced ledger."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.recharge import service as recharge
from gencharge.reconciliation import runs_service
from gencharge.reconciliation.errors import (
    DifferenceAlreadyResolved,
    DifferenceNotFound,
    DifferenceSuperseded,
    ResolutionNotAllowed,
)
from gencharge.reconciliation.models import (
    GATEWAY,
    DifferenceKind,
    DifferenceResolution,
)
from gencharge.reconciliation.staff_schemas import DifferenceOut
from gencharge.reconciliation.statements_service import Statement
from tests.make.money import balance
from tests.make.reconciliation import (
    ADMIN,
    FIRST,
    Shop,
    find_difference,
    reload,
    resolve,
    sell_unknown,
    sell_with_fault,
    top_up,
)


async def test_settling_gives_the_held_money_to_the_operator_and_the_plan_to_the_customer(shop: Shop) -> None:
    sold = await sell_unknown(shop)
    difference = await shop.only(await shop.match())
    done = await resolve(shop, difference, "settle_delivered")
    assert (done.status, done.resolution, done.resolved_by) == ("resolved", "settle_delivered", ADMIN.user_id)
    recharge = await sold.recharge()
    assert (recharge.status, recharge.channel) == ("delivered", FIRST)
    assert recharge.operator_reference == difference.detail["their_reference"]
    assert (await shop.balances())["operator:jio"] == 29_900 - 897
    assert await shop.clean() == []
    [entry] = await shop.entries(
        "reconciliation_difference_resolved", **{"object.id": str(difference.difference_id)}
    )
    assert entry["reason"] == "agreed by phone"
    assert entry["changes"]["status"] == {"old": "open", "new": "resolved"}
    assert entry["details"]["moved_paise"] == 29_900
    again = await shop.match()
    assert (again.status, again.matched) == ("matched", 1)


async def test_a_recharge_that_the_dispatcher_settled_first_is_resolved_without_moving_money(
    shop: Shop,
) -> None:
    await sell_unknown(shop)
    difference = await shop.only(await shop.match())
    with clock.later(days=1):
        await shop.dispatcher.drain()
    before = await shop.balances()
    assert (await resolve(shop, difference, "settle_delivered")).status == "resolved"
    assert await shop.balances() == before
    assert await shop.clean() == []


async def test_a_recharge_that_they_list_as_failed_is_released_to_the_wallet(shop: Shop) -> None:
    sold = await sell_unknown(shop)
    statement = await shop.context.statement(FIRST, runs_service.today())
    [row] = statement.rows
    failed = Statement((replace(row, done=False),), (), "")
    difference = await shop.only(await shop.match(file=failed))
    assert (difference.kind, difference.proposed_resolution) == ("status_differs", "fail_and_release")
    with pytest.raises(ResolutionNotAllowed):
        await resolve(shop, difference, "settle_delivered")
    with pytest.raises(ResolutionNotAllowed):
        await resolve(shop, difference, "write_off")
    assert (await resolve(shop, difference, "fail_and_release")).status == "resolved"
    assert (await sold.recharge()).status == "failed"
    assert (await balance(shop.stores, sold.user_id)).paise == 100_000
    assert await shop.clean() == []


async def test_twenty_admins_at_once_refund_a_customer_once(shop: Shop) -> None:
    difference = await sell_with_fault(shop)
    answers = await asyncio.gather(*(resolve(shop, difference, "refund_customer") for _ in range(20)))
    assert {answer.status for answer in answers} == {"resolved"}
    [sold] = shop.sold
    assert (await balance(shop.stores, sold.user_id)).paise == 100_000
    assert (await sold.recharge()).status == "refunded"
    balances = await shop.balances()
    assert (balances["operator:jio"], balances.get("revenue", 0)) == (0, 0)
    entries = await shop.entries(
        "reconciliation_difference_resolved", **{"object.id": str(difference.difference_id)}
    )
    assert len(entries) == 1
    assert await shop.clean() == []


async def test_twenty_write_offs_at_once_bring_the_operators_account_to_their_statement(shop: Shop) -> None:
    difference = await sell_with_fault(shop)
    assert (await shop.balances())["operator:jio"] == 29_900 - 897
    await asyncio.gather(*(resolve(shop, difference, "write_off") for _ in range(20)))
    balances = await shop.balances()
    assert (balances["operator:jio"], balances["write_off"]) == (0, 29_900 - 897)
    [moved] = await shop.written_off(difference.difference_id)
    assert (moved.debit, moved.credit, moved.code) == ("operator:jio", "write_off", 15)
    assert await shop.clean() == []


@pytest.mark.parametrize(("script", "loss"), [("wrong_amount", 100), ("extra_row", 29_900 - 897)])
async def test_writing_off_what_they_overcharge_is_our_loss(shop: Shop, script: str, loss: int) -> None:
    difference = await sell_with_fault(shop, script)
    await resolve(shop, difference, "write_off")
    balances = await shop.balances()
    assert (balances["operator:jio"], balances["write_off"]) == (29_900 - 897 + loss, -loss)
    assert await shop.clean() == []


async def test_a_dispute_can_be_claimed_and_then_written_off_but_not_settled(shop: Shop) -> None:
    sold = await sell_unknown(shop)
    await shop.stores.database.run(lambda db: recharge.fail(db, sold.user_id, sold.id, reason="by_hand"))
    difference = await shop.only(await shop.match())
    for impossible in ("settle_delivered", "fail_and_release", "refund_customer"):
        with pytest.raises(ResolutionNotAllowed):
            await resolve(shop, difference, impossible)
    before = await shop.balances()
    claimed = await resolve(shop, difference, "claim_from_counterparty")
    assert (claimed.status, claimed.note) == ("claimed", "agreed by phone")
    assert await shop.balances() == before
    again = await shop.only(await shop.match())
    assert (again.status, again.difference_id) == ("claimed", difference.difference_id), "a claim stands"
    with pytest.raises(DifferenceSuperseded):
        await resolve(shop, difference, "write_off")
    await resolve(shop, again, "write_off")
    assert (await shop.balances())["write_off"] == -(29_900 - 897)
    assert await shop.clean() == []


async def test_a_resolved_difference_stays_resolved_in_a_later_run_and_moves_no_money_again(
    shop: Shop,
) -> None:
    difference = await sell_with_fault(shop)
    await resolve(shop, difference, "write_off")
    later = await shop.match()
    [again] = await shop.differences(later)
    assert (again.status, again.resolution, again.run_id) == ("resolved", "write_off", later.run_id)
    await resolve(shop, again, "write_off")
    assert len(await shop.written_off(difference.difference_id)) == 1
    with pytest.raises(DifferenceAlreadyResolved):
        await resolve(shop, again, "refund_customer")
    assert await shop.clean() == []


async def test_a_superseded_difference_and_an_unknown_one_are_refused(shop: Shop) -> None:
    difference = await sell_with_fault(shop)
    await shop.match()
    with pytest.raises(DifferenceSuperseded):
        await resolve(shop, difference, "none")
    difference.difference_id = new_id()
    with pytest.raises(DifferenceNotFound):
        await resolve(shop, difference, "none")


async def test_a_reference_that_we_do_not_know_can_not_be_asked_about(shop: Shop) -> None:
    difference = await sell_with_fault(shop, "extra_row")
    with pytest.raises(ResolutionNotAllowed):
        await resolve(shop, difference, "ask_operator_again")
    assert (await resolve(shop, difference, "none")).status == "resolved"


@pytest.mark.parametrize(
    ("script", "kind", "paise", "written_off"),
    [
        ("missing_row", DifferenceKind.MISSING_AT_THEIRS, -50_000, -50_000),
        ("wrong_amount", DifferenceKind.AMOUNT_DIFFERS, 100, 100),
        ("extra_row", DifferenceKind.EXTRA_ROW, 50_000, 50_000),
    ],
)
async def test_faults_of_the_gateways_statement_are_found_and_written_off_to_what_it_says(
    shop: Shop, script: str, kind: DifferenceKind, paise: int, written_off: int
) -> None:
    await top_up(shop)
    shop.outside.script("gateway", "statement", script)
    run = await shop.match(GATEWAY)
    difference = await shop.only(run)
    assert (difference.kind, run.difference_paise) == (kind, paise)
    await resolve(shop, difference, "write_off")
    balances = await shop.balances()
    assert (balances[GATEWAY], balances["write_off"]) == (-50_000 - written_off, written_off)
    assert await shop.clean() == []


# What each resolution does to each kind of difference: the new status, and the paise that move to the account of
# write-offs (a loss is negative); None if it is refused.
SETTLED, NOT_ALLOWED = ("resolved", 0), None
MATRIX: dict[str, dict[str, tuple[str, int] | None]] = {
    "missing_row": {
        "settle_delivered": NOT_ALLOWED,
        "fail_and_release": NOT_ALLOWED,
        "refund_customer": SETTLED,
        "write_off": ("resolved", 29_900 - 897),
    },
    "wrong_amount": {
        "settle_delivered": SETTLED,
        "fail_and_release": NOT_ALLOWED,
        "refund_customer": SETTLED,
        "write_off": ("resolved", -100),
    },
    "commission_differs": {
        "settle_delivered": SETTLED,
        "fail_and_release": NOT_ALLOWED,
        "refund_customer": SETTLED,
        "write_off": ("resolved", -(897 - 747)),
    },
    "delivered_failed": {
        "settle_delivered": NOT_ALLOWED,
        "fail_and_release": NOT_ALLOWED,
        "refund_customer": SETTLED,
        "write_off": ("resolved", 29_900 - 897),
    },
    "duplicate": {
        "settle_delivered": SETTLED,
        "fail_and_release": NOT_ALLOWED,
        "refund_customer": SETTLED,
        "write_off": ("resolved", -(29_900 - 897)),
    },
    "extra_row": {
        "settle_delivered": NOT_ALLOWED,
        "fail_and_release": NOT_ALLOWED,
        "refund_customer": NOT_ALLOWED,
        "write_off": ("resolved", -(29_900 - 897)),
        "ask_operator_again": NOT_ALLOWED,
    },
    "unknown_delivered": {
        "settle_delivered": SETTLED,
        "fail_and_release": NOT_ALLOWED,
        "refund_customer": NOT_ALLOWED,
        "write_off": NOT_ALLOWED,
    },
    "unknown_failed": {
        "settle_delivered": NOT_ALLOWED,
        "fail_and_release": SETTLED,
        "refund_customer": NOT_ALLOWED,
        "write_off": NOT_ALLOWED,
    },
    "failed_delivered": {
        "settle_delivered": NOT_ALLOWED,
        "fail_and_release": NOT_ALLOWED,
        "refund_customer": NOT_ALLOWED,
        "write_off": ("resolved", -(29_900 - 897)),
    },
}
EVERYWHERE = {
    "none": SETTLED,
    "claim_from_counterparty": ("claimed", 0),
    "ask_operator_again": ("open", 0),
}


@pytest.mark.parametrize("scenario", MATRIX)
@pytest.mark.parametrize("resolution", [each.value for each in DifferenceResolution])
async def test_each_resolution_of_each_difference_moves_the_right_money_or_none(
    shop: Shop, scenario: str, resolution: str
) -> None:
    difference = await find_difference(shop, scenario)
    expected = (EVERYWHERE | MATRIX[scenario])[resolution]
    before = await shop.balances()
    wallets = {sold.user_id: await balance(shop.stores, sold.user_id) for sold in shop.sold}
    if expected is None:
        with pytest.raises(ResolutionNotAllowed):
            await resolve(shop, difference, resolution)
        assert (await reload(shop, difference)).status == "open"
        assert await shop.balances() == before
    else:
        done = await resolve(shop, difference, resolution)
        status, written_off = expected
        after = await shop.balances()
        assert (done.status, done.resolution, done.note) == (status, resolution, "agreed by phone")
        assert after.get("write_off", 0) - before.get("write_off", 0) == written_off
        if resolution not in {"refund_customer", "fail_and_release"}:
            assert {user: await balance(shop.stores, user) for user in wallets} == wallets
    assert sum((await shop.balances()).values()) == 0
    assert await shop.clean() == []


@pytest.mark.parametrize("scenario", ["wrong_amount", "duplicate", "commission_differs"])
async def test_a_refund_of_a_delivered_recharge_gives_the_whole_price_back(shop: Shop, scenario: str) -> None:
    difference = await find_difference(shop, scenario)
    [sold] = shop.sold
    assert (await balance(shop.stores, sold.user_id)).paise == 70_100
    await resolve(shop, difference, "refund_customer")
    assert (await balance(shop.stores, sold.user_id)).paise == 100_000
    assert (await sold.recharge()).status == "refunded"
    [entry] = await shop.entries(
        "reconciliation_difference_resolved", **{"object.id": str(difference.difference_id)}
    )
    assert entry["details"]["moved_paise"] == 29_900


async def test_resolving_in_another_way_at_the_same_time_moves_money_in_one_way_only(shop: Shop) -> None:
    difference = await find_difference(shop, "missing_row")
    results = await asyncio.gather(
        *(resolve(shop, difference, way) for way in ("refund_customer", "write_off", "none") * 5),
        return_exceptions=True,
    )
    ways = {result.resolution for result in results if isinstance(result, DifferenceOut)}
    assert len(ways) == 1
    assert all(isinstance(result, DifferenceOut | DifferenceAlreadyResolved) for result in results)
    assert sum(isinstance(result, DifferenceOut) for result in results) == 5
    assert await shop.clean() == []


async def test_the_first_note_and_admin_of_a_resolution_are_kept(shop: Shop) -> None:
    difference = await find_difference(shop, "extra_row")
    first = await resolve(shop, difference, "none", note="a test row of theirs")
    again = await resolve(shop, difference, "none", note="something else")
    assert again == first
    assert again.note == "a test row of theirs"


async def test_a_claim_can_be_repeated_and_answered_in_any_way(shop: Shop) -> None:
    difference = await find_difference(shop, "extra_row")
    await resolve(shop, difference, "claim_from_counterparty", note="ticket 1")
    claimed = await resolve(shop, difference, "claim_from_counterparty", note="ticket 2")
    assert (claimed.status, claimed.note) == ("claimed", "ticket 2")
    done = await resolve(shop, difference, "none", note="they corrected it")
    assert (done.status, done.resolution) == ("resolved", "none")


async def test_a_reference_is_written_off_once_although_a_later_statement_has_another_amount(
    shop: Shop,
) -> None:
    difference = await find_difference(shop, "wrong_amount")
    await resolve(shop, difference, "write_off")
    statement = await shop.context.statement(FIRST, runs_service.today())
    rows = tuple(replace(row, amount=row.amount + 500) for row in statement.rows)
    later = await shop.only(await shop.match(file=Statement(rows, (), "")))
    assert (later.difference_id, later.status) == (difference.difference_id, "open")
    with pytest.raises(ResolutionNotAllowed, match="already written off"):
        await resolve(shop, later, "write_off")
    assert len(await shop.written_off(difference.difference_id)) == 1
    assert await shop.clean() == []


async def test_a_difference_of_another_run_is_not_found(shop: Shop) -> None:
    difference = await find_difference(shop, "extra_row")
    other = await shop.match(GATEWAY)
    difference.run_id = other.run_id
    with pytest.raises(DifferenceNotFound):
        await resolve(shop, difference, "none")


@pytest.mark.parametrize(
    ("learn", "script", "resolution"),
    [
        (True, "missing_row", "settle_delivered"),
        (True, "missing_row", "fail_and_release"),
        (True, "missing_row", "refund_customer"),
        (True, "wrong_amount", "settle_delivered"),
        (False, None, "settle_delivered"),
        (False, None, "refund_customer"),
        (False, None, "write_off"),
    ],
)
async def test_a_payment_of_the_gateway_is_never_treated_as_a_recharge(
    shop: Shop, learn: bool, script: str | None, resolution: str
) -> None:
    user_id, _, _ = await top_up(shop, learn=learn)
    if script:
        shop.outside.script("gateway", "statement", script)
    difference = await shop.only(await shop.match(GATEWAY))
    before = await shop.balances()
    with pytest.raises(ResolutionNotAllowed):
        await resolve(shop, difference, resolution)
    assert await shop.balances() == before
    assert (await balance(shop.stores, user_id)).paise == (50_000 if learn else 0)
