"""Many resolutions at once: a dry run changes nothing, one refusal stops no other, and a repeat moves no money again."""

from __future__ import annotations

import asyncio

import pytest

from gencharge.core.errors import ValidationFailed
from gencharge.core.values.ids import new_id
from gencharge.reconciliation import bulk_staff_service, runs_service
from gencharge.reconciliation.bulk_schemas import BulkResolutionsOut, ResolveDifferences
from gencharge.reconciliation.models import ReconciliationDifference
from gencharge.reconciliation.statements_service import Statement
from tests.make.money import balance
from tests.make.reconciliation import ADMIN, FIRST, Shop, deferred_questions, reload, sell_unknown

SOLD = 29_900
# What the operator is owed for the plan: the price less its commission.
OWED = SOLD - 897


async def sell_and_miss(shop: Shop, count: int) -> list[ReconciliationDifference]:
    """The differences of delivered recharges, of which the operator's statement lists none."""
    await shop.sell(count)
    shop.outside.script(FIRST, "statement", "missing_row", times=count)
    differences = await shop.differences(await shop.match())
    assert differences
    return differences


async def resolve_all(
    shop: Shop,
    *keys: tuple[object, object],
    resolution: str | None = "refund_customer",
    is_dry_run: bool = False,
) -> BulkResolutionsOut:
    values: dict[str, object] = {
        "differences": [{"run_id": str(run), "difference_id": str(one)} for run, one in keys],
        "note": "agreed by phone",
        "is_dry_run": is_dry_run,
    }
    if resolution is not None:
        values["resolution"] = resolution
    command = ResolveDifferences.model_validate(values)
    return await bulk_staff_service.resolve(shop.stores.database, ADMIN, command)


def key_of(difference: ReconciliationDifference) -> tuple[object, object]:
    return difference.run_id, difference.difference_id


def outcomes(answer: BulkResolutionsOut) -> list[tuple[str, str | None]]:
    return [(row.outcome.value, row.refusal_code) for row in answer.differences]


async def test_a_dry_run_says_exactly_what_would_be_done_and_changes_nothing(shop: Shop) -> None:
    [difference] = await sell_and_miss(shop, 1)
    unknown = (difference.run_id, new_id())
    before = await shop.balances()
    tried = await resolve_all(shop, key_of(difference), unknown, is_dry_run=True)
    assert outcomes(tried) == [("would_be_done", None), ("refused", "difference_not_found")]
    assert (tried.is_dry_run, str(tried.total_moved)) == (True, "299.00")
    assert (await reload(shop, difference)).status == "open"
    assert await shop.balances() == before
    done = await resolve_all(shop, key_of(difference), unknown)
    assert outcomes(done) == [("done", None), ("refused", "difference_not_found")]
    assert done.total_moved == tried.total_moved
    [sold] = shop.sold
    assert (await balance(shop.stores, sold.user_id)).paise == 100_000
    assert await shop.clean() == []


async def test_a_dry_run_asks_no_operator(shop: Shop) -> None:
    [difference] = await sell_and_miss(shop, 1)
    before = await deferred_questions(shop)
    await resolve_all(shop, key_of(difference), resolution="ask_operator_again", is_dry_run=True)
    assert await deferred_questions(shop) == before
    await resolve_all(shop, key_of(difference), resolution="ask_operator_again")
    assert len(await deferred_questions(shop)) == len(before) + 1


async def test_each_is_resolved_as_proposed_if_no_resolution_is_named(shop: Shop) -> None:
    [difference] = await sell_and_miss(shop, 1)
    answer = await resolve_all(shop, key_of(difference), resolution=None)
    [row] = answer.differences
    assert row.resolution == difference.proposed_resolution
    after = await reload(shop, difference)
    assert (after.resolution, after.note) == (difference.proposed_resolution, "agreed by phone")


async def test_a_repeat_and_many_at_once_move_the_money_once(shop: Shop) -> None:
    [difference] = await sell_and_miss(shop, 1)
    answers = await asyncio.gather(
        *(resolve_all(shop, key_of(difference), resolution="write_off") for _ in range(8))
    )
    statuses = sorted(outcomes(answer)[0][0] for answer in answers)
    assert statuses == ["already_done"] * 7 + ["done"]
    assert sum(answer.total_moved.paise for answer in answers) == OWED
    assert len(await shop.written_off(difference.difference_id)) == 1
    other = await resolve_all(shop, key_of(difference), resolution="refund_customer")
    assert outcomes(other) == [("refused", "difference_already_resolved")]
    assert "write_off" in (other.differences[0].refusal or "")
    assert await shop.clean() == []


async def test_one_that_can_not_be_resolved_this_way_stops_no_other(shop: Shop) -> None:
    [delivered] = await shop.sell(1)
    unknown = await sell_unknown(shop)
    statement = await shop.context.statement(FIRST, runs_service.today())
    reference = (await unknown.attempt()).reference
    rows = tuple(row for row in statement.rows if row.reference == reference)
    differences = await shop.differences(await shop.match(file=Statement(rows, (), "")))
    missing = next(one for one in differences if one.recharge_id == delivered.id)
    listed = next(one for one in differences if one.recharge_id == unknown.id)
    answer = await resolve_all(shop, key_of(missing), key_of(listed), resolution="settle_delivered")
    assert outcomes(answer) == [("refused", "resolution_not_allowed"), ("done", None)]
    assert ((await reload(shop, missing)).status, (await reload(shop, listed)).status) == ("open", "resolved")
    assert (await unknown.recharge()).status == "delivered"


async def test_a_difference_that_is_named_twice_is_refused_before_anything_is_done(shop: Shop) -> None:
    [difference] = await sell_and_miss(shop, 1)
    with pytest.raises(ValidationFailed) as refused:
        await resolve_all(shop, key_of(difference), key_of(difference))
    assert refused.value.errors[0]["field"] == "body.differences.1"
    assert (await reload(shop, difference)).status == "open"
