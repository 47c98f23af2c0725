"""The door through which money moves: exact, once for a key, never below zero, never rewritten."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.core.http.idempotency import Answered
from gencharge.core.postgres.database import Database
from gencharge.core.rooms import checks
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.wallet import service as wallet
from gencharge.wallet.errors import BalanceLimitExceeded, InsufficientBalance, WalletNotFound
from gencharge.wallet.models import Account, Code
from tests.conftest import database_of, test_settings
from tests.money import balance, buy, find_plan, make_customer, make_number, sell_sample_plans


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


@pytest.fixture(scope="module")
async def ruined(settings: Settings, worker_id: str):  # type: ignore[no-untyped-def]
    """A database of its own, open as its owner, who may do what the application may not."""
    name = database_of(settings.data_dir, worker_id, "ruin")
    stores = Stores.open(test_settings(settings.data_dir, name, database_app_role=""))
    await sell_sample_plans(stores)
    yield stores
    await stores.close()


@pytest.mark.parametrize(
    ("ruin", "check"),
    [
        (
            "INSERT INTO transfers (user_id, id, debit, credit, amount, code, key)"
            " VALUES (:user, gen_random_uuid(), 'adjustment', 'user:main', 5, 10, 'by hand')",
            "every approved adjustment",
        ),
        (
            "INSERT INTO adjustments (user_id, adjustment_id, direction, amount, reason, note, requested_by, expires_at,"
            " status, decided_by, decided_at) VALUES (:user, gen_random_uuid(), 'credit', 5, 'other', 'n',"
            " gen_random_uuid(), now(), 'approved', gen_random_uuid(), now())",
            "every approved adjustment",
        ),
        ("UPDATE wallets SET posted = posted + 1 WHERE user_id = :user", "cached balance"),
        ("UPDATE wallets SET held = held + 1 WHERE user_id = :user", "held money"),
        (
            "UPDATE transfers SET amount = amount - 1 WHERE user_id = :user AND code = 3",
            "took its money",
        ),
        ("DELETE FROM transfers WHERE user_id = :user AND code = 3", "took its money"),
        ("DELETE FROM recharges WHERE user_id = :user", "without its recharge"),
        ("DELETE FROM active_plans WHERE user_id = :user", "every plan its recharge"),
        (
            "INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id)"
            " SELECT user_id, gen_random_uuid(), debit, credit, amount, 6, key, reference_id FROM transfers"
            " WHERE user_id = :user AND code = 3",
            "took its money",
        ),
    ],
)
async def test_the_ledger_check_finds_every_planted_breach_and_passes_without_one(
    ruined: Stores, ruin: str, check: str
) -> None:
    database: Database = ruined.database
    user = await make_customer(ruined)
    await buy(ruined, user, await make_number(ruined), (await find_plan(ruined)).plan_id)
    assert (await checks.run(database, wiring.CHECKS)).ok
    try:
        await _execute(database, ruin, user=user)
        report = await checks.run(database, wiring.CHECKS)
        assert not report.ok
        assert any(check in name for name, rows in report.breaches.items() if rows)
        assert any(line.startswith("FAIL") for line in report.lines)
    finally:
        for table in ("transfers", "wallets", "recharges", "active_plans", "adjustments"):
            await _execute(database, f"DELETE FROM {table} WHERE user_id = :user", user=user)


@pytest.mark.parametrize(
    ("spoil", "spoilt"),
    [
        ("", False),
        ("UPDATE transfers SET amount = 4 WHERE user_id = :user AND code = 10", True),
        ("UPDATE transfers SET debit = 'cashback' WHERE user_id = :user AND code = 10", True),
        ("UPDATE transfers SET key = 'other' WHERE user_id = :user AND code = 10", True),
        ("UPDATE adjustments SET direction = 'debit' WHERE user_id = :user", True),
        ("UPDATE adjustments SET status = 'rejected' WHERE user_id = :user", True),
    ],
)
async def test_the_ledger_check_knows_an_adjustment_that_moved_what_it_should(
    ruined: Stores, spoil: str, spoilt: bool
) -> None:
    user = await make_customer(ruined)
    made = {"user": user, "id": uuid4()}
    try:
        await _execute(
            ruined.database,
            "INSERT INTO adjustments (user_id, adjustment_id, direction, amount, reason, note, requested_by, expires_at,"
            " status, decided_by, decided_at) VALUES (:user, :id, 'credit', 5, 'other', 'n', gen_random_uuid(), now(),"
            " 'approved', gen_random_uuid(), now())",
            **made,
        )
        await _execute(
            ruined.database,
            "SELECT wallet_transfer(:user, gen_random_uuid(), 'adjustment', 'user:main', 5, 10::smallint,"
            " CAST(CAST(:id AS uuid) AS text), NULL, NULL, NULL, NULL, NULL, NULL, now())",
            **made,
        )
        if spoil:
            await _execute(ruined.database, spoil, user=user)
        report = await checks.run(ruined.database, wiring.CHECKS)
        failed = [name for name, rows in report.breaches.items() if rows and "approved adjustment" in name]
        assert bool(failed) is spoilt
    finally:
        for table in ("transfers", "wallets", "adjustments"):
            await _execute(ruined.database, f"DELETE FROM {table} WHERE user_id = :user", user=user)


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


async def _execute(database: Database, statement: str, **values: object) -> None:
    async with database.transaction() as db:
        await db.execute(text(statement), values)
