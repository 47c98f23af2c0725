"""The SQL function `wallet_purchase`: what the customer and the house pay an operator, all of it or nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.wallet.models import Code
from tests.make.money import make_customer
from tests.make.wallet import wallet_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CALL = text("""
    SELECT posted_after, held_after FROM wallet_purchase(
        p_user => :user, p_id => :id, p_amount => :amount, p_discount => :discount, p_key => :key, p_reference => :reference,
        p_phone => :phone, p_service_type => :service_type, p_source => :source, p_operator => :operator, p_now => :now,
        p_cashback => :cashback)
""")
ROWS = text("""
    SELECT debit, credit, amount, code, key, reference_id, phone_number, payment_method, operator, created_at
    FROM transfers WHERE user_id = :user AND key = :key ORDER BY code
""")


async def purchase(stores: Stores, user_id: UUID, key: str, amount: int, discount: int, **more: Any) -> Any:
    """(posted, held) after one call, or (None, None) if the wallet does not cover it."""
    values: dict[str, Any] = {
        "user": user_id,
        "id": new_id(),
        "amount": amount,
        "discount": discount,
        "key": key,
        "reference": None,
        "phone": "+919876543210",
        "service_type": "prepaid",
        "source": "app",
        "operator": "JIO",
        "now": NOON,
        "cashback": 0,
    }

    async def unit(db: AsyncSession) -> Any:
        return tuple((await db.execute(CALL, values | more)).one())

    return await stores.database.run(unit)


async def rows_of(stores: Stores, user_id: UUID, key: str) -> list[Any]:
    async def unit(db: AsyncSession) -> list[Any]:
        return list((await db.execute(ROWS, {"user": user_id, "key": key})).all())

    return await stores.database.run(unit)


async def test_both_parts_of_the_price_go_to_the_operator(stores: Stores) -> None:
    user_id, key, sale = await make_customer(stores, rupees=300), str(uuid4()), new_id()
    assert await purchase(stores, user_id, key, 259_00, 40_00, reference=sale) == (41_00, 0)
    paid, discount = await rows_of(stores, user_id, key)
    assert tuple(paid[:4]) == ("user:main", "operator:jio", 259_00, Code.RECHARGE)
    assert tuple(discount[:4]) == ("discount", "operator:jio", 40_00, Code.DISCOUNT)
    for row in (paid, discount):
        assert (row.reference_id, row.phone_number, row.operator) == (sale, "+919876543210", "JIO")
    assert (paid.payment_method, discount.payment_method) == ("wallet", None)
    assert tuple(await wallet_of(stores, user_id)) == (41_00, 0)


@pytest.mark.parametrize("amount", [300_01, 10**12])
async def test_a_wallet_that_does_not_cover_it_is_left_alone(stores: Stores, amount: int) -> None:
    user_id, key = await make_customer(stores, rupees=300), str(uuid4())
    assert await purchase(stores, user_id, key, amount, 1_00) == (None, None)
    assert await rows_of(stores, user_id, key) == []
    assert tuple(await wallet_of(stores, user_id)) == (300_00, 0)


async def test_who_has_no_wallet_pays_nothing(stores: Stores) -> None:
    user_id, key = new_id(), str(uuid4())
    assert await purchase(stores, user_id, key, 1, 1) == (None, None)
    assert await rows_of(stores, user_id, key) == []


async def test_the_same_key_is_booked_once(stores: Stores) -> None:
    user_id, key = await make_customer(stores, rupees=300), str(uuid4())
    await purchase(stores, user_id, key, 100_00, 10_00)
    with pytest.raises(IntegrityError):
        await purchase(stores, user_id, key, 100_00, 10_00)
    assert tuple(await wallet_of(stores, user_id)) == (200_00, 0)


@pytest.mark.parametrize("discount", [0, 40_00])
async def test_the_cashback_comes_back_in_the_same_movement(stores: Stores, discount: int) -> None:
    user_id, key, sale = await make_customer(stores, rupees=300), str(uuid4()), new_id()
    paid = 299_00 - discount
    assert await purchase(stores, user_id, key, paid, discount, reference=sale, cashback=10_00) == (
        310_00 - paid,
        0,
    )
    rows = {row.code: row for row in await rows_of(stores, user_id, key)}
    assert set(rows) == {Code.RECHARGE, Code.CASHBACK, *([Code.DISCOUNT] if discount else [])}
    cashback = rows[Code.CASHBACK]
    assert tuple(cashback[:3]) == ("cashback", "user:main", 10_00)
    assert (cashback.reference_id, cashback.phone_number, cashback.operator) == (sale, "+919876543210", "JIO")
    assert cashback.payment_method is None
    assert cashback.created_at >= rows[Code.RECHARGE].created_at
    assert tuple(await wallet_of(stores, user_id)) == (310_00 - paid, 0)


async def test_the_cashback_does_not_help_to_pay(stores: Stores) -> None:
    user_id, key = await make_customer(stores, rupees=300), str(uuid4())
    assert await purchase(stores, user_id, key, 300_01, 0, cashback=5_00) == (None, None)
    assert await rows_of(stores, user_id, key) == []


@pytest.mark.parametrize("discount", [0, -1])
async def test_without_a_discount_it_is_not_for_it(stores: Stores, discount: int) -> None:
    user_id, key = await make_customer(stores, rupees=300), str(uuid4())
    with pytest.raises(IntegrityError):
        await purchase(stores, user_id, key, 100_00, discount)
    assert tuple(await wallet_of(stores, user_id)) == (300_00, 0)


async def test_the_rows_are_in_the_order_of_their_instants(stores: Stores) -> None:
    user_id, first, second = await make_customer(stores, rupees=300), str(uuid4()), str(uuid4())
    await purchase(stores, user_id, first, 1_00, 1_00, now=NOON + timedelta(seconds=5))
    await purchase(stores, user_id, second, 1_00, 1_00, now=NOON)
    [paid, _] = await rows_of(stores, user_id, second)
    assert paid.created_at == NOON + timedelta(seconds=5), "it waited for the wallet behind the first one"
