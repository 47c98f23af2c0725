"""The job that pays out what came into the wallets of closed accounts."""

from __future__ import annotations

from gencharge import wiring
from gencharge.core.stores.stores import Stores
from gencharge.payouts import crud, jobs
from tests.make.payments import assert_clean, fund, make_payer, paise_of
from tests.make.payouts import close_account


async def test_each_run_begins_a_payout_for_what_came_since_the_last_one(stores: Stores) -> None:
    assert set(jobs.JOBS) <= set(wiring.JOBS)
    user_id = await make_payer(stores)
    await close_account(stores, user_id)
    for rupees in (50, 20):
        await fund(stores, user_id, rupees * 100)
        for _ in range(2):
            await jobs.pay_out_late(stores)
        assert await paise_of(stores, user_id) == 0
    payouts = await stores.database.run(lambda db: crud.list_own(db, user_id))
    assert sorted(payout.amount for payout in payouts) == [2_000, 5_000]
    await assert_clean(stores)
