"""A customer's payee and payouts when the account is exported and erased."""

from __future__ import annotations

from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.payouts.context_service import PayoutContext
from gencharge.payouts.personal_data import PART
from tests.make.payouts import make_closed, payout_of, send_due


async def test_an_export_has_the_payee_and_what_was_paid(context: PayoutContext, stores: Stores) -> None:
    user_id, payout_id = await make_closed(context, stores)
    await send_due(context)
    assert PART.export is not None
    export = await PART.export(stores, user_id)
    assert export["payee"].destination == "as***@okaxis"
    [row] = export["payouts"]
    assert (row["payout_id"], row["amount"], row["status"]) == (payout_id, Money.rupees(700), "paid")
    assert row["utr"] == (await payout_of(stores, user_id)).utr


async def test_an_erased_account_leaves_the_amount_and_the_proof(
    context: PayoutContext, stores: Stores
) -> None:
    user_id, _ = await make_closed(context, stores)
    await send_due(context)
    assert PART.erase is not None
    await PART.erase(stores, user_id)
    payout = await payout_of(stores, user_id)
    assert (payout.destination, payout.holder, payout.fund_account) == (None, None, None)
    assert (payout.amount, payout.status, payout.utr is not None) == (70_000, "paid", True)
    async with stores.database.transaction() as db:
        count = text("SELECT count(*) FROM payees WHERE user_id = :user_id")
        assert await db.scalar(count, {"user_id": user_id}) == 0


async def test_what_is_still_on_its_way_keeps_only_what_it_is_sent_by(
    context: PayoutContext, stores: Stores
) -> None:
    user_id, _ = await make_closed(context, stores)
    assert PART.erase is not None
    await PART.erase(stores, user_id)
    payout = await payout_of(stores, user_id)
    assert (payout.destination, payout.holder, payout.fund_account is not None) == (None, None, True)
    await send_due(context)
    payout = await payout_of(stores, user_id)
    assert (payout.status, payout.fund_account) == ("paid", None)
