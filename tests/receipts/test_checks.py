"""The nightly check of the series finds every way in which one can be wrong."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.receipts import crud
from gencharge.receipts.checks import CHECKS
from tests.make.receipts import issue, sell

_COPY = """
    INSERT INTO receipts (user_id, recharge_id, number, series, financial_year, issued_at, gst_percent, place_of_supply,
                          seller_name, seller_address, seller_gstin)
    SELECT gen_random_uuid(), gen_random_uuid(), {number}, series, financial_year, issued_at, gst_percent, place_of_supply,
           seller_name, seller_address, seller_gstin
    FROM receipts LIMIT 1
"""


async def breaches_after(stores: Stores, statement: str) -> int:
    """How many breaches the check finds after this statement, which is rolled back."""
    [check] = CHECKS
    counts = []

    async def unit(db: AsyncSession) -> None:
        assert (await db.execute(text(check.breaches))).all() == []
        await db.execute(text(statement))
        counts.append(len((await db.execute(text(check.breaches))).all()))
        raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        await stores.database.run(unit)
    return counts[0]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO receipt_series (series, financial_year, last_number) VALUES ('Z', '2052-53', 1)",
        "UPDATE receipt_series SET last_number = last_number + 1 WHERE series = (SELECT series FROM receipts LIMIT 1)",
        _COPY.format(number="'GC9999Z-0000001'"),
        _COPY.format(number="number"),
    ],
    ids=["a number without a receipt", "a gap", "a receipt beyond the count", "a number twice"],
)
async def test_a_series_that_is_wrong_is_found(shop: Stores, statement: str) -> None:
    await issue(shop, await sell(shop))
    assert await breaches_after(shop, statement) == 1


async def test_a_number_that_was_taken_without_a_receipt_is_found(shop: Stores) -> None:
    await issue(shop, await sell(shop))
    [check] = CHECKS

    async def unit(db: AsyncSession) -> None:
        await crud.take_number(db, series="B", financial_year="2051-52")
        assert [row.series for row in await db.execute(text(check.breaches))] == ["B"]
        raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        await shop.database.run(unit)
