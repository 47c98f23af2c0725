"""A customer's mandates when their account is exported, closed or erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.stores import Stores
from gencharge.mandates import crud, service
from gencharge.mandates.schemas import MandateOut, MandateQuery

_PAGE: Final = 100


async def _export(stores: Stores, user_id: UUID) -> Mapping[str, object]:
    async def page(cursor: str | None) -> tuple[Sequence[MandateOut], str | None]:
        query = MandateQuery(limit=_PAGE, cursor=cursor)
        mandates = await stores.database.run(lambda db: service.list_mandates(db, user_id, query))
        return mandates.items, mandates.next_cursor

    return {"mandates": await all_of(page)}


async def _close(db: AsyncSession, user_id: UUID, payout: bool) -> None:
    """Nothing is charged to a closed account."""
    del payout
    await service.close(db, user_id)


async def _erase(stores: Stores, user_id: UUID) -> None:
    await stores.database.run(lambda db: crud.delete_all(db, user_id))


PART: Final = PersonalData(name="mandates", export=_export, close=_close, erase=_erase)
