"""A payout that is no transfer, and a transfer that is no payout, are found."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from gencharge.core.rooms import checks
from gencharge.core.stores.stores import Stores
from gencharge.payouts.checks import CHECKS
from tests.make.recharge import run_sql
from tests.payouts.test_staff_service import make_stranded


@pytest.mark.parametrize(
    "breach",
    [
        "UPDATE payouts SET amount = amount + 1 WHERE user_id = :user_id",
        "DELETE FROM payouts WHERE user_id = :user_id",
        "UPDATE payouts SET payout_id = gen_random_uuid() WHERE user_id = :user_id",
    ],
)
async def test_money_that_was_taken_out_and_is_not_to_be_paid_out_is_found(
    stores: Stores, breach: str
) -> None:
    user_id, _ = await make_stranded(stores)
    assert (await checks.run(stores.database, CHECKS)).ok
    async with stores.database.transaction() as db:
        before = (
            (await db.execute(text("SELECT * FROM payouts WHERE user_id = :user_id"), {"user_id": user_id}))
            .one()
            ._mapping
        )
    await run_sql(stores, breach, user_id=user_id)
    assert not (await checks.run(stores.database, CHECKS)).ok
    await run_sql(stores, "DELETE FROM payouts WHERE user_id = :user_id", user_id=user_id)
    await run_sql(
        stores,
        "INSERT INTO payouts (user_id, payout_id, amount, status, reason)"
        " VALUES (:user_id, :payout_id, :amount, :status, :reason)",
        **{name: before[name] for name in ("user_id", "payout_id", "amount", "status", "reason")},
    )
    assert (await checks.run(stores.database, CHECKS)).ok
