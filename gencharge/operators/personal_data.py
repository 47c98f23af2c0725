"""A customer's corrections of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import PageQuery
from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.stores import Stores
from gencharge.operators import crud, service

_SHOWN: Final = 20
_PAGE: Final = 100


async def _overview(db: AsyncSession, user_id: UUID) -> Any:
    return (await service.my_connections(db, user_id, PageQuery(limit=_SHOWN))).items


async def _export(stores: Stores, user_id: UUID) -> Any:
    async def page(cursor: str | None) -> tuple[Sequence[Any], str | None]:
        connections = await stores.database.run(
            lambda db: service.my_connections(db, user_id, PageQuery(limit=_PAGE, cursor=cursor))
        )
        return connections.items, connections.next_cursor

    return await all_of(page)


async def _erase(stores: Stores, user_id: UUID) -> None:
    await stores.database.run(lambda db: crud.delete_connections(db, user_id))


PART: Final = PersonalData(name="connections", overview=_overview, export=_export, erase=_erase)
