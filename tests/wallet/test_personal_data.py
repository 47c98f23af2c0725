"""A customer's wallet in the overview, the export and the closing of their account."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.web import to_json
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.users.errors import WalletHasHolds, WalletNotEmpty
from gencharge.wallet import service as wallet
from gencharge.wallet.errors import InsufficientBalance
from gencharge.wallet.models import Code
from gencharge.wallet.personal_data import PART
from gencharge.wallet.schemas import TransactionOut
from tests.make.money import make_customer
from tests.make.wallet import credit, debit, hold, wallet_of


async def overview(stores: Stores, user_id: UUID) -> object:
    assert PART.overview is not None
    async with stores.database.transaction() as db:
        return await PART.overview(db, user_id)


async def export(stores: Stores, user_id: UUID) -> tuple[object, list[TransactionOut]]:
    """What the wallet holds now, and the exported transactions."""
    assert PART.export is not None
    exported = await PART.export(stores, user_id)
    rows = cast(AsyncIterator[TransactionOut], exported["transactions"])
    return exported["now"], [row async for row in rows]


async def close(stores: Stores, user_id: UUID, *, payout: bool) -> None:
    part_close = PART.close
    assert part_close is not None
    await stores.database.run(lambda db: part_close(db, user_id, payout))


async def test_the_overview_shows_what_can_be_spent_and_what_is_held(stores: Stores) -> None:
    user_id = await make_customer(stores, rupees=10)
    await hold(stores, user_id, 250, "h")
    assert await overview(stores, user_id) == {"balance": Money(750), "held": Money(250)}
    assert await overview(stores, uuid4()) is None


async def test_the_export_has_every_transaction_of_this_customer_oldest_first(stores: Stores) -> None:
    user_id, other = await make_customer(stores, rupees=10), await make_customer(stores, rupees=10)

    async def many(db: AsyncSession) -> None:
        for number in range(120):  # more than a page
            await wallet.debit(
                db, user_id, Money(1), target_account="operator:jio", code=Code.RECHARGE, key=f"d-{number}"
            )

    await stores.database.run(many)
    now, rows = await export(stores, user_id)
    assert now == {"balance": Money(880), "held": Money(0)}
    assert [row.category for row in rows] == ["opening", *["recharge"] * 120]
    assert len({row.transaction_id for row in rows}) == 121
    assert [row.created_at for row in rows] == sorted(row.created_at for row in rows)
    assert len((await export(stores, other))[1]) == 1
    assert b'"amount":10.00' in to_json(rows[0])


async def test_the_export_of_a_customer_without_a_wallet_is_empty(stores: Stores) -> None:
    assert await export(stores, uuid4()) == (None, [])


async def test_an_empty_wallet_or_none_can_be_closed(stores: Stores) -> None:
    for user_id in (await make_customer(stores, rupees=0), uuid4()):
        for payout in (False, True):
            await close(stores, user_id, payout=payout)


async def test_a_balance_needs_a_payout_and_the_error_says_how_much_it_is(stores: Stores) -> None:
    user_id = await make_customer(stores, rupees=7)
    with pytest.raises(WalletNotEmpty) as refused:
        await close(stores, user_id, payout=False)
    assert "Rs 7.00" in refused.value.detail
    assert refused.value.extra == {"balance": Money(700), "held": Money(0)}
    assert await wallet_of(stores, user_id) == (700, 0)
    await close(stores, user_id, payout=True)
    assert await wallet_of(stores, user_id) == (0, 0)
    _, rows = await export(stores, user_id)
    assert (rows[-1].category, rows[-1].txn_type, rows[-1].amount) == ("payout", "debit", Money(700))


@pytest.mark.parametrize("payout", [True, False])
async def test_held_money_stops_the_closing_even_with_a_payout(stores: Stores, payout: bool) -> None:
    user_id = await make_customer(stores, rupees=7)
    await hold(stores, user_id, 1, "h")
    with pytest.raises(WalletHasHolds) as refused:
        await close(stores, user_id, payout=payout)
    assert refused.value.extra == {"balance": Money(699), "held": Money(1)}
    assert await wallet_of(stores, user_id) == (700, 1)


async def test_a_wallet_is_paid_out_once_more_after_it_was_filled_again(stores: Stores) -> None:
    user_id = await make_customer(stores, rupees=1)
    await close(stores, user_id, payout=True)
    await credit(stores, user_id, 5, "late refund")
    await close(stores, user_id, payout=True)
    assert await wallet_of(stores, user_id) == (0, 0)


async def test_a_payout_and_debits_at_once_never_spend_the_same_money(stores: Stores) -> None:
    user_id = await make_customer(stores, rupees=1)
    results = await asyncio.gather(
        close(stores, user_id, payout=True),
        *(debit(stores, user_id, 30, f"d-{number}") for number in range(5)),
        return_exceptions=True,
    )
    assert {type(result) for result in results if isinstance(result, Exception)} <= {InsufficientBalance}
    spent = 30 * sum(not isinstance(result, Exception) for result in results[1:])
    _, rows = await export(stores, user_id)
    paid_out = sum(row.amount.paise for row in rows if row.category == "payout")
    assert spent + paid_out == 100
    assert await wallet_of(stores, user_id) == (0, 0)


def test_the_ledger_is_kept_when_an_account_is_erased() -> None:
    assert PART.erase is None
