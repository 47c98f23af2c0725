"""Quotes are counted in memory, and written down without a write in the request."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.recharge import quote_crud, quote_loop, quote_service, quote_tally
from gencharge.recharge.errors import OperatorMismatch
from gencharge.recharge.schemas import Quote
from tests.make.money import find_plan, make_customer, make_number

# Half an hour past midnight in India; still the 21st in UTC.
NIGHT = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    quote_tally.OPERATORS.take()
    yield
    quote_tally.OPERATORS.take()


async def counts_of(stores: Stores, process_id: UUID) -> list[Any]:
    query = text("SELECT day, operator, quotes FROM quote_counts WHERE process_id = :id ORDER BY 1, 2")
    return [tuple(row) for row in await stores.database.run(lambda db: db.execute(query, {"id": process_id}))]


async def test_a_quote_counts_for_its_operator_and_a_refusal_does_not(shop: Stores) -> None:
    customer, number = await make_customer(shop), await make_number(shop)
    jio, airtel = await find_plan(shop, "JIO", 299), await find_plan(shop, "AIRTEL", 299)
    query = Quote(phone_number=number, plan_id=jio.plan_id)
    with clock.at(NIGHT):
        await quote_service.quote(shop.database, customer, query)
        await quote_service.quote(shop.database, customer, query)
        with pytest.raises(OperatorMismatch):
            await quote_service.quote(
                shop.database, customer, Quote(phone_number=number, plan_id=airtel.plan_id)
            )
    assert quote_tally.OPERATORS.take() == {(date(2026, 11, 22), "JIO"): 2}


async def test_what_is_written_down_adds_up_and_is_forgotten(shop: Stores) -> None:
    process_id = uuid4()
    with clock.at(NIGHT):
        for operators in (("JIO", "VI"), ("JIO",), ()):
            for operator in operators:
                quote_tally.OPERATORS.count(operator)
            await quote_loop.write_down(shop, process_id)
    day = date(2026, 11, 22)
    assert await counts_of(shop, process_id) == [(day, "JIO", 2), (day, "VI", 1)]


async def test_what_could_not_be_written_is_kept(shop: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> None:
        raise ConnectionError

    process_id = uuid4()
    quote_tally.OPERATORS.count("JIO")
    with monkeypatch.context() as patch:
        patch.setattr(quote_crud, "add_counts", broken)
        await quote_loop.write_down(shop, process_id)
    await quote_loop.write_down(shop, process_id)
    assert [row[2] for row in await counts_of(shop, process_id)] == [1]


async def test_the_end_of_a_process_writes_what_is_left(shop: Stores) -> None:
    quote_tally.OPERATORS.count("BSNL")
    task = asyncio.create_task(quote_loop.watch_quotes(FastAPI(), shop))
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    query = text("SELECT sum(quotes) FROM quote_counts WHERE operator = 'BSNL'")
    assert await shop.database.run(lambda db: db.scalar(query)) == 1
