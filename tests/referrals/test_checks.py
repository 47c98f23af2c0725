"""Each check of the rewards finds what it is there for."""

from __future__ import annotations

import pytest

from gencharge.core.rooms import checks
from gencharge.core.stores.stores import Stores
from gencharge.referrals.checks import CHECKS
from tests.make.recharge import run_sql
from tests.make.referrals import follow, paid_referral, refund


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("UPDATE referral_rewards SET amount = amount + 1 WHERE user_id = :user_id", 0),
        ("UPDATE referral_rewards SET state = 'pending', paid_at = NULL WHERE user_id = :user_id", 0),
        ("UPDATE referral_rewards SET taken_back = 1 WHERE user_id = :user_id", 0),
        ("UPDATE referral_accounts SET owed = 1 WHERE user_id = :user_id", 1),
    ],
)
async def test_a_reward_that_differs_from_the_ledger_is_found(
    shop: Stores, statement: str, check: int
) -> None:
    referral, _ = await paid_referral(shop)
    user_id = referral.referrer.user_id
    assert (await checks.run(shop.database, CHECKS)).ok
    await run_sql(shop, statement, user_id=user_id)
    report = await checks.run(shop.database, CHECKS)
    assert [name for name, rows in report.breaches.items() if rows] == [CHECKS[check].name]
    assert str(user_id) in "\n".join(report.lines)
    await run_sql(
        shop,
        """
        UPDATE referral_rewards SET amount = 5000, state = 'paid', paid_at = coalesce(paid_at, created_at), taken_back = 0
        WHERE user_id = :user_id
        """,
        user_id=user_id,
    )
    await run_sql(shop, "UPDATE referral_accounts SET owed = 0 WHERE user_id = :user_id", user_id=user_id)


async def test_a_reward_that_was_taken_back_is_in_order(shop: Stores) -> None:
    referral, sale = await paid_referral(shop)
    await refund(shop, referral.friend.user_id, sale)
    await follow(shop, referral.friend.user_id)
    assert (await checks.run(shop.database, CHECKS)).ok
