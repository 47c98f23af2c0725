"""The numbers of a series: one after the other, and given back by a roll-back."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.receipts import crud
from tests.make.receipts import issue, numbers_of, sell


async def take(stores: Stores, series: str, year: str) -> int:
    return await stores.database.run(lambda db: crud.take_number(db, series=series, financial_year=year))


async def test_numbers_count_from_one_in_each_series_and_year(shop: Stores) -> None:
    assert [await take(shop, "C", "2060-61") for _ in range(3)] == [1, 2, 3]
    assert await take(shop, "D", "2060-61") == 1
    assert await take(shop, "C", "2061-62") == 1
    assert await take(shop, "C", "2060-61") == 4


async def test_forty_who_take_a_number_at_once_get_forty_in_a_row(shop: Stores) -> None:
    numbers = await asyncio.gather(*(take(shop, "E", "2060-61") for _ in range(40)))
    assert sorted(numbers) == list(range(1, 41))


async def test_a_roll_back_gives_its_number_back(shop: Stores) -> None:
    async def unit(db: AsyncSession) -> None:
        assert await crud.take_number(db, series="A", financial_year="2050-51") == 1
        raise RuntimeError("rolled back")

    for _ in range(2):
        with pytest.raises(RuntimeError, match="rolled back"):
            await shop.database.run(unit)
    assert await numbers_of(shop, "A", "2050-51") == (0, [])


async def test_the_next_one_waits_for_the_end_of_the_transaction_before_it(shop: Stores) -> None:
    async with shop.database.transaction() as db:
        assert await crud.take_number(db, series="F", financial_year="2060-61") == 1
        waiting = asyncio.create_task(take(shop, "F", "2060-61"))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await db.rollback()
    assert await waiting == 1


async def test_a_customers_receipts_are_theirs_alone(shop: Stores) -> None:
    first = await sell(shop)
    second = await sell(shop, first[0], rupees=349)
    other = await sell(shop)
    for ids in (first, second, other):
        await issue(shop, ids)
    async with shop.database.transaction() as db:
        rows = await crud.list_receipts(db, first[0])
        assert {row.recharge_id for row in rows} == {first[1], second[1]}
        assert await crud.get_receipt(db, first[0], other[1]) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE receipts SET number = 'X' WHERE user_id = :user_id",
        "DELETE FROM receipts WHERE user_id = :user_id",
        "DELETE FROM receipt_series WHERE CAST(:user_id AS uuid) IS NOT NULL",
    ],
)
async def test_the_app_may_not_change_or_delete_a_receipt(shop: Stores, statement: str) -> None:
    ids = await sell(shop)
    await issue(shop, ids)
    with pytest.raises(Exception, match="permission denied"):
        await shop.database.run(lambda db: db.execute(text(statement), {"user_id": ids[0]}))
