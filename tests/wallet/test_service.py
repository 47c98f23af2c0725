"""Money moves exactly, once for each key, never below zero, and is never rewritten."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.idempotency import Answered
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.values.money import Money
from gencharge.wallet import history_service as history
from gencharge.wallet import service as wallet
from gencharge.wallet.errors import (
    BalanceLimitExceeded,
    InstantInvalid,
    InsufficientBalance,
    TransactionNotFound,
    WalletNotFound,
)
from gencharge.wallet.models import Account, Code
from gencharge.wallet.schemas import TransactionQuery
from tests.make.money import balance, make_customer
from tests.make.wallet import credit, debit, execute, hold, make_funded_user, transfer_of, wallet_of


async def _debit(stores: Stores, user, rupees: int, key: str) -> Answered[Money]:  # type: ignore[no-untyped-def]
    return await stores.database.run(
        lambda db: wallet.debit(
            db, user, Money.rupees(rupees), target_account="operator:jio", code=Code.RECHARGE, key=key
        )
    )


async def test_twenty_racing_debits_spend_a_balance_of_ten_exactly_ten_times(stores: Stores) -> None:
    user = await make_customer(stores, rupees=10)
    results = await asyncio.gather(
        *(_debit(stores, user, 1, f"d-{number}") for number in range(20)), return_exceptions=True
    )
    assert sum(isinstance(result, InsufficientBalance) for result in results) == 10
    assert await balance(stores, user) == Money(0)


async def test_a_key_moves_money_once_however_often_it_comes(stores: Stores) -> None:
    user = await make_customer(stores, rupees=10)
    assert not (await _debit(stores, user, 4, "once")).replayed
    again = await _debit(stores, user, 4, "once")
    assert (again.replayed, again.answer) == (True, Money.rupees(6))


async def test_a_limit_holds_to_the_paisa(stores: Stores) -> None:
    user = await make_customer(stores, rupees=0)

    async def load(paise: int, key: str) -> Answered[Money]:
        return await stores.database.run(
            lambda db: wallet.credit(
                db,
                user,
                Money(paise),
                source_account="gateway:sandbox",
                code=Code.TOPUP,
                key=key,
                balance_limit=Money.rupees(10_000),
            )
        )

    await load(9_999_99, "a")
    with pytest.raises(BalanceLimitExceeded):
        await load(2, "b")
    assert (await load(1, "c")).answer == Money.rupees(10_000)


async def test_money_needs_a_wallet_and_an_amount(stores: Stores) -> None:
    with pytest.raises(WalletNotFound):
        await _debit(stores, uuid4(), 1, "x")
    with pytest.raises(ValueError, match="above zero"):
        await _debit(stores, await make_customer(stores), 0, "x")


async def test_a_movement_is_described_by_known_words_only(stores: Stores) -> None:
    user = await make_customer(stores)
    with pytest.raises(TypeError, match="colour"):
        await stores.database.run(
            lambda db: wallet.debit(
                db,
                user,
                Money(1),
                target_account="operator:jio",
                code=Code.RECHARGE,
                key="c",
                colour="red",  # type: ignore[call-arg]
            )
        )


def test_limits_follow_the_kyc_tier_and_the_settings(settings: Settings) -> None:
    small, full = wallet.limits(settings), wallet.limits(settings, "full")
    assert (small.balance, small.monthly_load) == (Money.rupees(10_000), Money.rupees(10_000))
    assert (full.balance, full.monthly_load, full.yearly_load) == (Money.rupees(200_000), None, None)
    tighter = settings.model_copy(update={"wallet_small_balance_limit": 500})
    assert wallet.limits(tighter).balance == Money.rupees(500)


async def test_the_applications_role_may_not_change_or_delete_history(stores: Stores) -> None:
    user = await make_customer(stores)
    for statement in (
        "UPDATE transfers SET amount = 1 WHERE user_id = :user",
        "DELETE FROM transfers WHERE user_id = :user",
        "TRUNCATE transfers",
        "DELETE FROM wallets WHERE user_id = :user",
        "UPDATE plan_versions SET version = 2",
    ):
        values = {"user": user} if ":user" in statement else {}

        async def tamper(
            db: AsyncSession, statement: str = statement, values: dict[str, object] = values
        ) -> None:
            await db.execute(text(statement), values)

        with pytest.raises(DBAPIError, match="permission denied"):
            await stores.database.run(tamper)


async def test_a_transfer_knows_the_operator_that_it_concerns(stores: Stores) -> None:
    user = await make_customer(stores, rupees=100)
    await _debit(stores, user, 1, "derived")

    async def unit(db: AsyncSession) -> list[tuple[str, str | None]]:
        about = {"code": Code.CASHBACK, "source_account": Account.CASHBACK}
        await wallet.credit(db, user, Money(100), key="stated", operator="Airtel", **about)
        await wallet.credit(db, user, Money(100), key="none", **about)
        await wallet.credit(db, user, Money(1), key="back", code=Code.REFUND, source_account="operator:vi")
        query = text("SELECT key, operator FROM transfers WHERE user_id = :user ORDER BY created_at, id")
        return [(row.key, row.operator) for row in await db.execute(query, {"user": user})]

    assert await stores.database.run(unit) == [
        ("opening", None),
        ("derived", "JIO"),
        ("stated", "AIRTEL"),
        ("none", None),
        ("back", "VI"),
    ]


async def test_a_limit_of_nothing_is_a_limit(stores: Stores) -> None:
    user = await make_customer(stores, rupees=0)
    with pytest.raises(BalanceLimitExceeded):
        await stores.database.run(
            lambda db: wallet.credit(
                db,
                user,
                Money(1),
                source_account=Account.CASHBACK,
                code=Code.CASHBACK,
                key="x",
                balance_limit=Money(0),
            )
        )


async def test_opening_balances_come_out_of_the_opening_account(stores: Stores) -> None:
    user = await make_customer(stores, rupees=7)
    async with stores.database.transaction() as db:
        query = text("SELECT debit, credit, amount FROM transfers WHERE user_id = :user")
        assert tuple((await db.execute(query, {"user": user})).one()) == (Account.OPENING, Account.MAIN, 700)


async def test_ten_calls_with_one_key_at_once_move_the_money_once(stores: Stores) -> None:
    user = await make_customer(stores, rupees=10)
    results = await asyncio.gather(*(debit(stores, user, 300, "same") for _ in range(10)))
    assert sum(not result.replayed for result in results) == 1
    assert {result.answer for result in results} == {Money(700)}
    assert await wallet_of(stores, user) == (700, 0)


async def test_the_same_key_under_another_code_or_customer_is_another_movement(stores: Stores) -> None:
    user, other = await make_customer(stores, rupees=1), await make_customer(stores, rupees=1)
    await credit(stores, user, 1, "k")
    assert not (await credit(stores, user, 1, "k", code=Code.REFERRAL)).replayed
    assert not (await credit(stores, other, 1, "k")).replayed
    assert (await credit(stores, user, 1, "k")).replayed
    assert await wallet_of(stores, user) == (102, 0)


async def test_a_replay_is_recognised_even_if_the_balance_no_longer_covers_it(stores: Stores) -> None:
    user = await make_customer(stores, rupees=1)
    await debit(stores, user, 100, "all")
    again = await debit(stores, user, 100, "all")
    assert (again.replayed, again.answer) == (True, Money(0))


async def test_a_failed_movement_leaves_its_key_free(stores: Stores) -> None:
    user = await make_customer(stores, rupees=1)
    with pytest.raises(InsufficientBalance):
        await debit(stores, user, 101, "k")
    assert not (await debit(stores, user, 100, "k")).replayed


async def test_racing_credits_fill_a_wallet_exactly_to_its_limit(stores: Stores) -> None:
    user = await make_customer(stores, rupees=0)
    results = await asyncio.gather(
        *(credit(stores, user, 30, f"c-{n}", balance_limit=Money(100)) for n in range(10)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, BalanceLimitExceeded) for result in results) == 7
    assert await wallet_of(stores, user) == (90, 0)


async def test_held_money_can_not_be_spent_and_comes_back_once(stores: Stores) -> None:
    user = await make_customer(stores, rupees=1)
    assert (await hold(stores, user, 60, "h")).answer == Money(40)
    with pytest.raises(InsufficientBalance):
        await debit(stores, user, 41, "d")

    async def release(paise: int, key: str) -> Answered[Money]:
        return await stores.database.run(
            lambda db: wallet.release(db, user, Money(paise), code=Code.RELEASE, key=key)
        )

    with pytest.raises(InsufficientBalance):
        await release(61, "h")
    assert (await release(60, "h")).answer == Money(100)
    assert (await release(60, "h")).replayed
    with pytest.raises(InsufficientBalance):
        await release(1, "other")
    assert await wallet_of(stores, user) == (100, 0)


async def test_a_write_off_moves_our_own_money_and_is_in_no_customers_history(stores: Stores) -> None:
    async def write_off(key: str) -> Answered[Money]:
        return await stores.database.run(
            lambda db: wallet.write_off(
                db, Money(5), debit_account="operator:jio", credit_account=Account.WRITE_OFF, key=key
            )
        )

    key = str(uuid4())
    first, again = await write_off(key), await write_off(key)
    assert (first.replayed, again.replayed) == (False, True)
    transfer = await transfer_of(stores, SYSTEM_USER_ID, key)
    assert (transfer.debit, transfer.credit, transfer.code) == ("operator:jio", "write_off", Code.WRITE_OFF)
    assert await wallet_of(stores, SYSTEM_USER_ID) == (0, 0)
    async with stores.database.transaction() as db:
        page = await history.list_transactions(db, SYSTEM_USER_ID, TransactionQuery())
    assert page.items == []


@pytest.mark.parametrize("rollback", [True, False])
async def test_a_movement_lives_and_dies_with_its_transaction(stores: Stores, rollback: bool) -> None:
    user = await make_customer(stores, rupees=1)

    async def unit(db: AsyncSession) -> None:
        await wallet.debit(db, user, Money(40), target_account="operator:jio", code=Code.RECHARGE, key="k")
        if rollback:
            raise LookupError

    with suppress(LookupError):
        await stores.database.run(unit)
    assert await wallet_of(stores, user) == ((100, 0) if rollback else (60, 0))


async def test_opening_a_wallet_twice_keeps_its_balance(stores: Stores) -> None:
    user = await make_customer(stores, rupees=3)
    await stores.database.run(lambda db: wallet.open_wallet(db, user))
    assert await wallet_of(stores, user) == (300, 0)


async def test_a_wallet_is_shown_with_its_tier_and_without_a_user_as_the_smallest(
    stores: Stores, settings: Settings
) -> None:
    registered, stranger = await make_funded_user(stores, 7), await make_customer(stores, rupees=7)
    await hold(stores, registered, 200, "h")
    shown = await wallet.show(stores.database, registered, settings)
    assert (shown.balance, shown.held) == (Money(500), Money(200))
    assert shown.limits == (await wallet.show(stores.database, stranger, settings)).limits
    with pytest.raises(WalletNotFound):
        await wallet.show(stores.database, uuid4(), settings)


async def test_the_balance_at_an_instant_is_refused_in_the_future_and_without_a_wallet(
    stores: Stores,
) -> None:
    user = await make_customer(stores, rupees=1)
    async with stores.database.transaction() as db:
        with pytest.raises(InstantInvalid):
            await wallet.balance_at(db, user, clock.now() + timedelta(seconds=5))
        with pytest.raises(WalletNotFound):
            await wallet.balance_at(db, uuid4(), None)
        now = await wallet.balance_at(db, user, None)
    assert (now.posted, now.held, now.available) == (Money(100), Money(0), Money(100))


async def test_a_transaction_is_found_by_its_owner_only_and_our_own_share_by_nobody(stores: Stores) -> None:
    user, other = await make_customer(stores, rupees=1), await make_customer(stores, rupees=1)
    transfer = await transfer_of(stores, user, "opening")
    await execute(
        stores.database,
        "SELECT ledger_transfer(CAST(:user AS uuid), 'operator:jio', 'revenue', 5, ledger_code('commission'), 'c',"
        " NULL, NULL, NULL, NULL, NULL, NULL, now())",
        user=user,
    )
    async with stores.database.transaction() as db:
        assert (await history.get_transaction(db, user, transfer.id)).amount == Money(100)
        with pytest.raises(TransactionNotFound):
            await history.get_transaction(db, other, transfer.id)
        page = await history.list_transactions(db, user, TransactionQuery())
    assert [item.transaction_id for item in page.items] == [transfer.id]


async def _take_back(stores: Stores, user, rupees: int, key: str) -> Money:  # type: ignore[no-untyped-def]
    return await stores.database.run(
        lambda db: wallet.take_back(
            db, user, Money.rupees(rupees), target_account=Account.REFERRAL, code=Code.REFERRAL, key=key
        )
    )


async def test_what_is_taken_back_is_what_can_be_spent_and_never_more(stores: Stores) -> None:
    user = await make_customer(stores, 50)
    assert await _take_back(stores, user, 30, "a") == Money.rupees(30)
    assert await _take_back(stores, user, 30, "a") == Money.rupees(30)
    assert await balance(stores, user) == Money.rupees(20)
    assert await _take_back(stores, user, 30, "b") == Money.rupees(20)
    assert await _take_back(stores, user, 30, "c") == Money(0)
    assert await balance(stores, user) == Money(0)
    with pytest.raises(WalletNotFound):
        await _take_back(stores, uuid4(), 30, "d")


async def test_ten_at_once_take_back_no_more_than_there_is(stores: Stores) -> None:
    user = await make_customer(stores, 50)
    taken = await asyncio.gather(*(_take_back(stores, user, 8, f"race {number}") for number in range(10)))
    assert sum(amount.paise for amount in taken) == 5_000
    assert await balance(stores, user) == Money(0)
