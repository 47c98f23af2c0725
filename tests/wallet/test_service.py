"""Money moves exactly, once for each key, never below zero, and is never rewritten."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.idempotency import Answered
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.wallet import service as wallet
from gencharge.wallet.errors import BalanceLimitExceeded, InsufficientBalance, WalletNotFound
from gencharge.wallet.models import Account, Code
from tests.money import balance, make_customer


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
        await wallet.credit(db, user, Money(100), key="said", operator="Airtel", **about)
        await wallet.credit(db, user, Money(100), key="none", **about)
        await wallet.credit(db, user, Money(1), key="back", code=Code.REFUND, source_account="operator:vi")
        query = text("SELECT key, operator FROM transfers WHERE user_id = :user ORDER BY created_at, id")
        return [(row.key, row.operator) for row in await db.execute(query, {"user": user})]

    assert await stores.database.run(unit) == [
        ("opening", None),
        ("derived", "JIO"),
        ("said", "AIRTEL"),
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
