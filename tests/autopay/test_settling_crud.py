"""The end of a step is one statement: all that it changes, or nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from gencharge.autopay import settling_crud
from gencharge.autopay.events import AutopayPaused
from gencharge.autopay.models import AutopayStatus
from gencharge.autopay.settling_crud import AttemptRow
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from tests.make.autopay import attempts_of, make_autopay, make_owner, row_of
from tests.make.recharge import run_sql


def _values() -> dict[str, Any]:
    """A new value of each column that the function changes."""
    later = clock.now() + timedelta(days=40)
    return {
        "status": AutopayStatus.PAUSED.value,
        "pause_reason": "price",
        "price": 12_345,
        "periods": 3,
        "next_due": later,
        "noticed_due": later - timedelta(days=1),
        "noticed_at": later - timedelta(days=2),
        "noticed_price": 54_321,
        "tries": 2,
        "cycle": 1,
        "recharge_id": new_id(),
        "wake_at": None,
    }


async def test_each_column_that_is_named_changes_and_the_lease_is_given_back(shop: Stores) -> None:
    autopay = await make_autopay(shop, await make_owner(shop))
    await run_sql(
        shop, "UPDATE autopays SET leased_until = now() WHERE autopay_id = :id", id=autopay.autopay_id
    )
    before, values = await row_of(shop, autopay), _values()
    assert values.keys() == settling_crud.COLUMNS
    assert before.next_due is not None
    assert await settling_crud.settle(
        shop.database, before, before.next_due, values, attempt=None, event=None
    )
    after = await row_of(shop, autopay)
    assert {name: getattr(after, name) for name in values} == values
    assert after.leased_until is None
    assert (after.user_id, after.plan_id, after.max_amount, after.first_due) == (
        before.user_id,
        before.plan_id,
        before.max_amount,
        before.first_due,
    )


async def test_a_column_that_the_function_does_not_change_is_refused(shop: Stores) -> None:
    row = await row_of(shop, await make_autopay(shop, await make_owner(shop)))
    assert row.next_due is not None
    with pytest.raises(AssertionError, match="max_amount"):
        await settling_crud.settle(
            shop.database, row, row.next_due, {"max_amount": 1}, attempt=None, event=None
        )


@pytest.mark.parametrize("is_present", [True, False])
async def test_the_try_and_the_event_are_written_with_the_step_or_not_at_all(
    shop: Stores, *, is_present: bool
) -> None:
    autopay = await make_autopay(shop, await make_owner(shop))
    row = await row_of(shop, autopay)
    assert row.next_due is not None
    event = AutopayPaused(
        user_id=str(row.user_id),
        autopay_id=str(row.autopay_id),
        phone_number=row.phone_number,
        plan_name=row.plan_name,
        reason="price",
        price_paise=1,
        max_amount_paise=1,
    )
    due = row.next_due if is_present else row.next_due + timedelta(seconds=1)
    tried = AttemptRow(new_id(), "failed", "operator_down", 0, None, 5)
    values = {"wake_at": clock.now() + timedelta(hours=2)}
    assert is_present == await settling_crud.settle(
        shop.database, row, due, values, attempt=tried, event=event
    )
    assert await attempts_of(shop, autopay) == [("failed", "operator_down")] * is_present
    query = text(
        "SELECT payload ->> 'autopay_id' FROM events WHERE user_id = :user AND topic = 'AutopayPaused'"
    )
    events = await shop.database.run(lambda db: db.scalars(query, {"user": row.user_id}))
    assert list(events) == [str(row.autopay_id)] * is_present
