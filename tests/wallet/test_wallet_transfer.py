"""The SQL function `wallet_transfer`, called directly: each movement, each refusal, each edge."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.money import make_customer
from tests.make.wallet import execute, transfer_of, wallet_of

MAX_BIGINT = 2**63 - 1
CALL = text("""
    SELECT posted_after, held_after FROM wallet_transfer(
        p_user => :user, p_id => :id, p_debit => :debit, p_credit => :credit, p_amount => :amount,
        p_code => CAST(:code AS smallint), p_key => :key, p_reference => :reference, p_phone => :phone,
        p_service_type => :service_type, p_source => :source, p_payment_method => :payment_method,
        p_balance_limit => :limit, p_now => :now, p_operator => :operator)
""")


async def move(
    stores: Stores, user_id: UUID, debit: str, credit: str, amount: int, **overrides: Any
) -> tuple[int, int] | None:
    """(posted, held) after one call, or None if the wallet does not allow it."""
    values: dict[str, Any] = {
        "id": new_id(),
        "code": 8,
        "key": str(uuid4()),
        "reference": None,
        "phone": None,
        "service_type": None,
        "source": None,
        "payment_method": None,
        "limit": None,
        "now": datetime.now(UTC),
        "operator": None,
    }
    values |= {"user": user_id, "debit": debit, "credit": credit, "amount": amount} | overrides

    async def unit(db: AsyncSession) -> tuple[int, int] | None:
        row = (await db.execute(CALL, values)).one()
        assert (row.posted_after is None) is (row.held_after is None)
        return None if row.posted_after is None else (row.posted_after, row.held_after)

    return await stores.database.run(unit)


@pytest.fixture
async def user(stores: Stores) -> UUID:
    """A wallet with Rs 10, of which Rs 4 are held."""
    user_id = await make_customer(stores, rupees=10)
    assert await move(stores, user_id, "user:main", "user:held", 400) == (1000, 400)
    return user_id


@pytest.mark.parametrize(
    ("debit", "credit", "after"),
    [
        ("cashback", "user:main", (1001, 400)),
        ("gateway:razorpay", "user:held", (1001, 401)),
        ("user:main", "operator:jio", (999, 400)),
        ("user:main", "user:held", (1000, 401)),
        ("user:held", "user:main", (1000, 399)),
        ("user:held", "operator:jio", (999, 399)),
        ("operator:jio", "revenue", (1000, 400)),
    ],
)
async def test_each_movement_changes_posted_and_held_as_its_accounts_say(
    stores: Stores, user: UUID, debit: str, credit: str, after: tuple[int, int]
) -> None:
    assert await move(stores, user, debit, credit, 1, key="moved") == after
    assert await wallet_of(stores, user) == after
    transfer = await transfer_of(stores, user, "moved")
    assert (transfer.debit, transfer.credit, transfer.amount, transfer.code) == (debit, credit, 1, 8)


@pytest.mark.parametrize(
    ("debit", "credit", "covered"),
    [("user:main", "operator:jio", 600), ("user:main", "user:held", 600), ("user:held", "user:main", 400)],
)
async def test_the_balance_covers_a_movement_to_the_paisa(
    stores: Stores, user: UUID, debit: str, credit: str, covered: int
) -> None:
    before = await wallet_of(stores, user)
    assert await move(stores, user, debit, credit, covered + 1) is None
    assert await wallet_of(stores, user) == before
    assert await move(stores, user, debit, credit, covered) is not None


async def test_held_money_can_be_captured_to_the_paisa_and_no_further(stores: Stores, user: UUID) -> None:
    assert await move(stores, user, "user:held", "operator:jio", 401) is None
    assert await move(stores, user, "user:held", "operator:jio", 400) == (600, 0)
    assert await move(stores, user, "user:held", "operator:jio", 1) is None


@pytest.mark.parametrize(("limit", "allowed"), [(1000, False), (1001, True), (0, False), (None, True)])
async def test_the_balance_limit_counts_held_money_and_is_exact(
    stores: Stores, user: UUID, limit: int | None, allowed: bool
) -> None:
    after = await move(stores, user, "cashback", "user:main", 1, limit=limit)
    assert after == ((1001, 400) if allowed else None)


@pytest.mark.parametrize(
    ("debit", "credit"),
    [("user:main", "operator:jio"), ("user:main", "user:held"), ("user:held", "user:main")],
)
async def test_a_limit_never_stops_money_that_leaves_or_stays(
    stores: Stores, user: UUID, debit: str, credit: str
) -> None:
    assert await move(stores, user, debit, credit, 1, limit=0) is not None


async def test_a_refused_movement_books_nothing(stores: Stores, user: UUID) -> None:
    assert await move(stores, user, "user:main", "operator:jio", 601, key="refused") is None
    assert await move(stores, user, "user:main", "operator:jio", 600, key="refused") is not None
    assert (await transfer_of(stores, user, "refused")).amount == 600


async def test_without_a_wallet_nothing_moves(stores: Stores) -> None:
    assert await move(stores, uuid4(), "cashback", "user:main", 1) is None


@pytest.mark.parametrize(
    ("overrides", "constraint"),
    [({"amount": 0}, "amount"), ({"amount": -1}, "amount"), ({"credit": "cashback"}, "accounts")],
)
async def test_the_table_refuses_a_transfer_that_is_none(
    stores: Stores, user: UUID, overrides: dict[str, Any], constraint: str
) -> None:
    before = await wallet_of(stores, user)
    values = {"debit": "cashback", "credit": "user:main", "amount": 1} | overrides
    with pytest.raises(IntegrityError, match=f"ck_transfers_{constraint}"):
        await move(stores, user, values.pop("debit"), values.pop("credit"), values.pop("amount"), **values)
    assert await wallet_of(stores, user) == before


async def test_an_amount_that_overflows_the_balance_changes_nothing(stores: Stores, user: UUID) -> None:
    with pytest.raises(DBAPIError, match="out of range"):
        await move(stores, user, "cashback", "user:main", MAX_BIGINT)
    assert await wallet_of(stores, user) == (1000, 400)
    assert await move(stores, user, "cashback", "user:main", MAX_BIGINT - 1000) == (MAX_BIGINT, 400)


async def test_a_key_and_code_are_booked_once_for_each_customer(stores: Stores, user: UUID) -> None:
    other = await make_customer(stores, rupees=1)
    assert await move(stores, user, "cashback", "user:main", 1, key="k", code=8) is not None
    with pytest.raises(IntegrityError, match="uq_transfers_key"):
        await move(stores, user, "cashback", "user:main", 1, key="k", code=8)
    assert await wallet_of(stores, user) == (1001, 400)
    assert await move(stores, user, "referral", "user:main", 1, key="k", code=9) is not None
    assert await move(stores, other, "cashback", "user:main", 1, key="k", code=8) is not None


@pytest.mark.parametrize(
    ("debit", "credit", "operator", "recorded"),
    [
        ("user:main", "operator:jio", None, "JIO"),
        ("operator:Airtel", "user:main", None, "AIRTEL"),
        ("operator:vi", "user:main", "bsnl", "BSNL"),
        ("cashback", "user:main", None, None),
        ("cashback", "user:main", "jio", "JIO"),
        ("user:main", "user:held", None, None),
    ],
)
async def test_the_operator_is_the_given_one_or_the_one_whose_account_is_on_a_side(
    stores: Stores, user: UUID, debit: str, credit: str, operator: str | None, recorded: str | None
) -> None:
    await move(stores, user, debit, credit, 1, key="op", operator=operator)
    assert (await transfer_of(stores, user, "op")).operator == recorded


async def test_every_detail_is_recorded(stores: Stores, user: UUID) -> None:
    reference = uuid4()
    details = {"phone": "+919000000001", "service_type": "prepaid", "source": "app", "payment_method": "upi"}
    await move(stores, user, "cashback", "user:main", 1, key="all", reference=reference, **details)
    transfer = await transfer_of(stores, user, "all")
    assert transfer.reference_id == reference
    assert (transfer.phone_number, transfer.service_type) == ("+919000000001", "prepaid")
    assert (transfer.source, transfer.payment_method) == ("app", "upi")


@pytest.mark.parametrize(
    ("earlier_by", "recorded_before_first"),
    [
        (timedelta(milliseconds=1), False),  # it waited for the wallet
        (timedelta(seconds=59, microseconds=999_999), False),
        (timedelta(minutes=1), True),  # a clock that was set back is no wait
    ],
)
async def test_a_transfer_that_waited_takes_the_instant_of_the_one_before_it(
    stores: Stores, earlier_by: timedelta, recorded_before_first: bool
) -> None:
    user_id = await make_customer(stores, rupees=0)
    future = datetime.now(UTC) + timedelta(days=1)
    await move(stores, user_id, "cashback", "user:main", 2, key="first", now=future)
    await move(stores, user_id, "user:main", "operator:jio", 1, key="second", now=future - earlier_by)
    first, second = [await transfer_of(stores, user_id, key) for key in ("first", "second")]
    assert first.created_at == future
    assert second.created_at == (future - earlier_by if recorded_before_first else future)


async def test_thirty_racing_movements_of_three_kinds_keep_posted_held_and_transfers_together(
    stores: Stores,
) -> None:
    user_id = await make_customer(stores, rupees=1)
    kinds = [("user:main", "user:held"), ("user:held", "operator:jio"), ("user:held", "user:main")]
    done = await asyncio.gather(
        *(move(stores, user_id, *kinds[number % 3], 7, key=f"r-{number}") for number in range(30))
    )
    posted, held = await wallet_of(stores, user_id)
    captured = sum(after is not None and number % 3 == 1 for number, after in enumerate(done))
    holds = sum(after is not None and number % 3 == 0 for number, after in enumerate(done))
    released = sum(after is not None and number % 3 == 2 for number, after in enumerate(done))
    assert posted == 100 - 7 * captured
    assert held == 7 * (holds - captured - released)
    assert 0 <= held <= posted


async def test_a_movement_waits_for_the_wallet_row_and_sees_what_the_other_left(stores: Stores) -> None:
    user_id = await make_customer(stores, rupees=1)
    async with stores.database.transaction() as db:
        await db.execute(
            text("UPDATE wallets SET updated_at = updated_at WHERE user_id = :u"), {"u": user_id}
        )
        waiting = asyncio.create_task(move(stores, user_id, "user:main", "operator:jio", 100))
        done, _ = await asyncio.wait([waiting], timeout=0.2)
        assert not done
        await db.execute(CALL, _spend(user_id, 1))
    assert await waiting is None  # 99 paise are left


def _spend(user_id: UUID, paise: int) -> dict[str, Any]:
    names = ("reference", "phone", "service_type", "source", "payment_method", "limit", "operator")
    return dict.fromkeys(names) | {
        "user": user_id,
        "id": new_id(),
        "debit": "user:main",
        "credit": "operator:jio",
        "amount": paise,
        "code": 3,
        "key": str(uuid4()),
        "now": datetime.now(UTC),
    }


async def test_the_wallet_row_can_not_be_overdrawn_even_by_hand(owner: Stores) -> None:
    user_id = await make_customer(owner, rupees=1)
    for change in ("posted = -1", "held = 101", "held = -1"):
        with pytest.raises(IntegrityError, match="ck_wallets"):
            await execute(owner.database, f"UPDATE wallets SET {change} WHERE user_id = :user", user=user_id)
