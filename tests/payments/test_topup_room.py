"""The SQL function `topup_room`, called directly: limits to the paisa, months and financial years in India."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.payments import crud
from gencharge.payments.crud import TopupRoom
from gencharge.payments.topups_service import limits_json
from gencharge.wallet.models import Account, Code
from tests.make.payments import make_payer
from tests.make.wallet import credit, debit, execute, hold

SMALL = TopupRoom(1_000_000, 1_000_000, 12_000_000)
# 1 April 2026, 00:00 in India.
NEW_YEAR = datetime(2026, 3, 31, 18, 30, tzinfo=UTC)


async def room(stores: Stores, user_id: UUID, limits: str | None = None) -> TopupRoom:
    async with stores.database.transaction() as db:
        text = limits or limits_json(stores.settings)
        return await crud.get_topup_room(db, user_id=user_id, limits=text)


async def load(stores: Stores, user_id: UUID, paise: int, at: datetime) -> None:
    """A top-up at an instant, spent at once."""
    with clock.at(at):
        key = str(uuid4())
        await credit(stores, user_id, paise, key, code=Code.TOPUP, source_account="gateway:razorpay")
        await debit(stores, user_id, paise, key, code=Code.PAYOUT, target_account=Account.PAYOUT)


async def test_an_empty_wallet_of_the_small_tier_has_the_limits_of_the_settings(stores: Stores) -> None:
    assert await room(stores, await make_payer(stores)) == SMALL


async def test_a_full_kyc_has_only_a_balance_limit(stores: Stores) -> None:
    user_id = await make_payer(stores)
    await execute(stores.database, "UPDATE users SET kyc_tier = 'full' WHERE user_id = :user", user=user_id)
    await credit(stores, user_id, 1, "one")
    assert await room(stores, user_id) == TopupRoom(19_999_999, None, None)


async def test_a_customer_that_nobody_knows_has_the_smallest_limits(stores: Stores) -> None:
    assert await room(stores, uuid4()) == SMALL


async def test_the_balance_counts_all_that_is_in_the_wallet_held_money_too(stores: Stores) -> None:
    user_id = await make_payer(stores)
    await credit(stores, user_id, 700, "cashback")
    await hold(stores, user_id, 300, "h")
    assert await room(stores, user_id) == TopupRoom(999_300, 1_000_000, 12_000_000)


async def test_only_topups_count_as_loaded_and_they_count_though_they_were_spent(stores: Stores) -> None:
    user_id = await make_payer(stores)
    await credit(stores, user_id, 5_000, "cashback")
    await debit(stores, user_id, 5_000, "spent", code=Code.PAYOUT, target_account=Account.PAYOUT)
    assert await room(stores, user_id) == SMALL
    await load(stores, user_id, 4_000, clock.now())
    assert await room(stores, user_id) == TopupRoom(1_000_000, 996_000, 11_996_000)


async def test_what_was_loaded_over_a_limit_leaves_less_than_nothing(stores: Stores) -> None:
    user_id = await make_payer(stores)
    await load(stores, user_id, 1_000_001, clock.now())
    assert (await room(stores, user_id)).monthly_load == -1


@pytest.mark.parametrize(
    ("loaded_at", "asked_at", "month", "year"),
    [
        # The last second of a month in India, and the first of the next one.
        ("2026-06-30T18:29:59", "2026-06-30T18:29:59", 100, 100),
        ("2026-06-30T18:29:59", "2026-06-30T18:30:00", 0, 100),
        ("2026-06-30T18:30:00", "2026-07-31T18:29:59", 100, 100),
        # It is the next day in India already, and still the old one in UTC.
        ("2026-06-30T20:00:00", "2026-07-01T00:00:00", 100, 100),
        # The financial year ends on 31 March in India.
        ("2026-03-31T18:29:59", "2026-03-31T18:29:59", 100, 100),
        ("2026-03-31T18:29:59", "2026-03-31T18:30:00", 0, 0),
        ("2026-03-31T18:30:00", "2027-03-31T18:29:59", 0, 100),
        ("2026-03-31T18:30:00", "2027-03-31T18:30:00", 0, 0),
        # A calendar year's end is none.
        ("2026-12-31T18:29:59", "2026-12-31T18:30:00", 0, 100),
        ("2027-01-15T00:00:00", "2027-03-01T00:00:00", 0, 100),
    ],
)
async def test_months_and_financial_years_end_at_midnight_in_india(
    stores: Stores, loaded_at: str, asked_at: str, month: int, year: int
) -> None:
    user_id = await make_payer(stores)
    await load(stores, user_id, 100, datetime.fromisoformat(loaded_at).replace(tzinfo=UTC))
    with clock.at(datetime.fromisoformat(asked_at).replace(tzinfo=UTC)):
        assert await room(stores, user_id) == TopupRoom(1_000_000, 1_000_000 - month, 12_000_000 - year)


async def test_a_tier_without_limits_of_its_own_in_the_settings_takes_the_small_ones(stores: Stores) -> None:
    user_id = await make_payer(stores)
    await execute(stores.database, "UPDATE users SET kyc_tier = 'full' WHERE user_id = :user", user=user_id)
    limits = '{"small": {"balance": 7, "month": 5, "year": null}}'
    assert await room(stores, user_id, limits) == TopupRoom(7, 5, None)


async def test_another_customers_topups_do_not_count(stores: Stores) -> None:
    user_id, other = await make_payer(stores), await make_payer(stores)
    await load(stores, other, 999_999, NEW_YEAR)
    with clock.at(NEW_YEAR):
        assert await room(stores, user_id) == SMALL
