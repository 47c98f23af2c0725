"""The SQL functions `ledger_transfer` and `ledger_code`: movements between our own accounts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.wallet.models import Code
from tests.make.money import make_customer
from tests.make.wallet import transfer_of, wallet_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CALL = text("""
    SELECT ledger_transfer(
        p_user => :user, p_debit => :debit, p_credit => :credit, p_amount => :amount,
        p_code => ledger_code(:code), p_key => :key, p_reference => :reference, p_phone => :phone,
        p_service_type => :service_type, p_source => :source, p_payment_method => :payment_method,
        p_operator => :operator, p_now => :now)
""")


async def book(stores: Stores, user_id: UUID, debit: str, credit: str, amount: int, **more: Any) -> None:
    values: dict[str, Any] = {
        "code": "commission",
        "key": "k",
        "reference": None,
        "phone": None,
        "service_type": None,
        "source": None,
        "payment_method": None,
        "operator": None,
        "now": NOON,
    }
    values |= {"user": user_id, "debit": debit, "credit": credit, "amount": amount} | more

    async def unit(db: AsyncSession) -> None:
        await db.execute(CALL, values)

    await stores.database.run(unit)


async def test_it_books_a_transfer_and_leaves_the_wallet_alone(stores: Stores) -> None:
    user_id, reference = await make_customer(stores, rupees=1), uuid4()
    details = {"phone": "+919000000001", "service_type": "prepaid", "source": "web", "payment_method": "upi"}
    await book(stores, user_id, "operator:jio", "revenue", 5, reference=reference, operator="JIO", **details)
    transfer = await transfer_of(stores, user_id, "k")
    assert (transfer.debit, transfer.credit, transfer.amount) == ("operator:jio", "revenue", 5)
    assert (transfer.code, transfer.operator) == (Code.COMMISSION, "JIO")
    assert (transfer.reference_id, transfer.created_at) == (reference, NOON)
    assert (transfer.phone_number, transfer.service_type) == ("+919000000001", "prepaid")
    assert (transfer.source, transfer.payment_method) == ("web", "upi")
    assert await wallet_of(stores, user_id) == (100, 0)


async def test_it_needs_no_wallet(stores: Stores) -> None:
    user_id = uuid4()
    await book(stores, user_id, "gateway:razorpay", "suspense", 1)
    assert (await transfer_of(stores, user_id, "k")).amount == 1


@pytest.mark.parametrize(
    ("debit", "credit"),
    [
        ("user:main", "revenue"),
        ("revenue", "user:main"),
        ("user:held", "gateway:razorpay"),
        ("gateway:razorpay", "user:held"),
        ("user:main", "user:held"),
    ],
)
async def test_it_refuses_to_move_a_customers_money(stores: Stores, debit: str, credit: str) -> None:
    user_id = await make_customer(stores, rupees=1)
    with pytest.raises(DBAPIError, match="use wallet_transfer"):
        await book(stores, user_id, debit, credit, 1)
    assert await wallet_of(stores, user_id) == (100, 0)


@pytest.mark.parametrize(
    ("credit", "amount", "constraint"), [("revenue", 0, "amount"), ("operator:jio", 1, "accounts")]
)
async def test_the_table_refuses_a_transfer_that_is_none(
    stores: Stores, credit: str, amount: int, constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=f"ck_transfers_{constraint}"):
        await book(stores, uuid4(), "operator:jio", credit, amount)


async def test_a_key_and_code_are_booked_once(stores: Stores) -> None:
    user_id = uuid4()
    await book(stores, user_id, "operator:jio", "revenue", 1)
    with pytest.raises(IntegrityError, match="uq_transfers_key"):
        await book(stores, user_id, "operator:jio", "revenue", 1)


async def test_every_code_has_its_number_and_no_other_name_has_one(stores: Stores) -> None:
    async with stores.database.transaction() as db:
        for code in Code:
            number = await db.scalar(text("SELECT ledger_code(:name)"), {"name": code.name.lower()})
            assert number == code, code.name
        assert await db.scalar(text("SELECT ledger_code(NULL)")) is None
    for name in ("", "Recharge", "gift"):
        with pytest.raises(DBAPIError, match="case not found"):
            async with stores.database.transaction() as db:
                await db.execute(text("SELECT ledger_code(:name)"), {"name": name})
