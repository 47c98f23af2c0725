"""A page of all customers' bills looks at a bounded number of rows, along an index."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from gencharge.bills import crud
from gencharge.bills.staff_schemas import StaffBillQuery
from gencharge.core.stores.stores import Stores


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "ix_bills_all"),
        ({"phone_number": "9000008101"}, "ix_bills_number"),
        ({"user_id": "0198c0de-0000-7000-8000-000000000000"}, "ix_bills_history"),
    ],
)
async def test_the_newest_are_read_along_an_index(stores: Stores, query: dict[str, str], index: str) -> None:
    statement = crud.select_all_bills(StaffBillQuery.model_validate(query))
    newest = statement.order_by(text("created_at DESC, bill_id DESC")).limit(10)
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    written = str(newest.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    async with stores.database.transaction() as db:
        await db.execute(text("SET LOCAL enable_seqscan = off"))
        await db.execute(text("SET LOCAL enable_sort = off"))
        plan = "\n".join(await db.scalars(text("EXPLAIN " + written.replace(":", "\\:"))))
    assert index in plan, plan
    assert "Sort" not in plan
