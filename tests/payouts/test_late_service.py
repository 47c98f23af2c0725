"""Money that comes into a closed account's wallet leaves it again as a payout, once."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from gencharge.core.stores.stores import Stores
from gencharge.payments.context import PaymentContext
from gencharge.payouts import crud, jobs, late_service
from gencharge.payouts.context_service import PayoutContext
from tests.make.outside import Outside
from tests.make.payments import (
    TopupOrder,
    assert_clean,
    context_at,
    events_of,
    fund,
    make_payer,
    open_topup,
    paise_of,
)
from tests.make.payouts import close_account, make_closed, payout_of, send_due, set_payee


@pytest.mark.parametrize("has_payee", [True, False])
async def test_a_top_up_that_the_bank_confirms_after_the_account_was_closed_is_paid_out(
    context: PayoutContext, outside: Outside, stores: Stores, api: httpx.AsyncClient, has_payee: bool
) -> None:
    gateway: PaymentContext = context_at(stores, outside.base)
    user_id = await make_payer(stores)
    order = TopupOrder(stores, api, user_id, await open_topup(gateway, user_id))
    await gateway.gateway.close()
    if has_payee:
        await set_payee(context, user_id)
    await close_account(stores, user_id)
    assert (await order.send("payment.captured")).status_code == 200
    assert await paise_of(stores, user_id) == order.opened.amount.paise, "in a wallet that nobody can spend"
    await jobs.pay_out_late(stores)
    assert await paise_of(stores, user_id) == 0
    payout = await payout_of(stores, user_id)
    assert payout.amount == order.opened.amount.paise
    assert payout.status == ("due" if has_payee else "needs_payee")
    assert len(await events_of(stores, user_id, "PayoutNeedsPayee")) == (0 if has_payee else 1)
    await send_due(context)
    assert (await payout_of(stores, user_id)).status == ("paid" if has_payee else "needs_payee")
    await assert_clean(stores)


async def test_jobs_side_by_side_and_again_begin_one_payout(context: PayoutContext, stores: Stores) -> None:
    user_id, first = await make_closed(context, stores)
    await fund(stores, user_id, 5_000)
    await asyncio.gather(*(late_service.pay_out(stores.database) for _ in range(4)))
    assert await late_service.pay_out(stores.database) == 0
    payouts = await stores.database.run(lambda db: crud.list_own(db, user_id))
    assert sorted(payout.amount for payout in payouts) == [5_000, 70_000]
    assert first in {payout.payout_id for payout in payouts}
    await assert_clean(stores)


async def test_open_accounts_keep_their_money_and_every_page_is_seen(
    context: PayoutContext, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_service, "BATCH", 2)
    active = await make_payer(stores)
    await fund(stores, active, 7_000)
    closed = [(await make_closed(context, stores))[0] for _ in range(5)]
    for user_id in closed:
        await fund(stores, user_id, 1_000)
    assert await late_service.pay_out(stores.database) >= 5
    for user_id in closed:
        assert await paise_of(stores, user_id) == 0
    assert await paise_of(stores, active) == 7_000
