"""A customer's complaints: exported, and erased with the account. What was paid for them is in the books, which stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.complaints import crud, service
from gencharge.complaints.schemas import ComplaintOut
from gencharge.core.http.paging import PageQuery
from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.stores import Stores


async def _export(stores: Stores, user_id: UUID) -> Any:
    async def page(cursor: str | None) -> tuple[Sequence[ComplaintOut], str | None]:
        async def unit(db: AsyncSession) -> tuple[Sequence[ComplaintOut], str | None]:
            rows, after, _ = await crud.list_of_user(db, user_id, PageQuery(limit=100, cursor=cursor))
            return [service.to_out(row) for row in rows], after

        return await stores.database.run(unit)

    return await all_of(page)


async def _erase(stores: Stores, user_id: UUID) -> None:
    await stores.database.run(lambda db: crud.delete_of_user(db, user_id))


PART: Final = PersonalData(name="complaints", export=_export, erase=_erase)
