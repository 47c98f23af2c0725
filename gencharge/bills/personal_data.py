"""What this room holds about a customer. The payments are recharges, which are books and stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from gencharge.bills import crud, views
from gencharge.core.http.paging import PageQuery
from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock


async def _export(stores: Stores, user_id: UUID) -> Any:
    async def page(cursor: str | None) -> tuple[Sequence[Any], str | None]:
        rows, after, _ = await stores.database.run(
            lambda db: crud.list_bills(db, user_id, PageQuery(limit=100, cursor=cursor))
        )
        return [views.bill_out(row, clock.now()) for row in rows], after

    return await all_of(page)


async def _erase(stores: Stores, user_id: UUID) -> None:
    await stores.database.run(lambda db: crud.delete_all(db, user_id))


PART: Final = PersonalData(name="bills", export=_export, erase=_erase)
