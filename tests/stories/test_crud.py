"""The rows of a story are those that the ORM reads: each column of each, of the same type."""

from __future__ import annotations

from typing import Any

from sqlalchemy import LargeBinary, inspect, select

from gencharge.channels.models import OperatorAttempt
from gencharge.channels.service import Verdict
from gencharge.complaints.models import Complaint
from gencharge.core.postgres.database import Base
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.recharge.models import ActivePlan, Recharge
from gencharge.stories import crud
from gencharge.wallet.models import Transfer
from tests.make.complaints import complain
from tests.make.delivery import FIRST, purchase, reach_jio
from tests.make.outside import reach_over_api
from tests.make.receipts import sell


def columns_of(row: Base) -> dict[str, Any]:
    mapper = inspect(type(row))
    return {
        column.name: getattr(row, mapper.get_property_by_column(column).key)
        for column in mapper.local_table.columns
        if not isinstance(column.type, LargeBinary)
    }


async def test_every_column_is_what_the_orm_reads(shop: Stores) -> None:
    await reach_jio(shop)
    bought = await purchase(shop)
    await bought.answer(await bought.submit(FIRST), Verdict.DELIVERED, operator_reference="JIO-REF-1")
    await reach_over_api(shop, "JIO")
    await complain(shop, bought.user_id, bought.id)
    books = await crud.find_books(shop.database, bought.user_id, bought.id)
    assert books is not None
    async with shop.database.transaction() as db:
        by_recharge: dict[Any, Any] = {
            Recharge: [books.recharge],
            ActivePlan: [books.plan],
            OperatorAttempt: books.attempts,
            Complaint: books.complaints,
            Transfer: books.transfers,
        }
        for model, rows in by_recharge.items():
            key = {Recharge: "id", Transfer: "reference_id"}.get(model, "recharge_id")
            stored = list(await db.scalars(select(model).where(getattr(model, key) == bought.id)))
            assert stored, model
            read = [columns_of(row) for row in rows if row is not None]
            assert sorted(map(repr, read)) == sorted(repr(columns_of(row)) for row in stored), model


async def test_what_is_of_another_customer_or_out_of_reach_is_not_read(shop: Stores) -> None:
    user_id, recharge_id = await sell(shop)
    assert await crud.find_books(shop.database, new_id(), recharge_id) is None
    assert await crud.find_books(shop.database, user_id, new_id()) is None
    assert await crud.find_books(shop.database, user_id, recharge_id, ["AIRTEL"]) is None
    books = await crud.find_books(shop.database, user_id, recharge_id, ["AIRTEL", "JIO"])
    assert books is not None
    assert (books.payment, books.attempts, books.refunds, books.complaints) == (None, [], [], [])
