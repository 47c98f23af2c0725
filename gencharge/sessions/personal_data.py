"""Where a customer is and was signed in. Never a token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import PageQuery
from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.stores import Stores
from gencharge.sessions import crud, service

_SHOWN: Final = 20
_PAGE: Final = 100


async def _overview(db: AsyncSession, user_id: UUID) -> Any:
    rows, _, _ = await service.list_live(db, user_id, PageQuery(limit=_SHOWN))
    return [asdict(row) for row in rows]


async def _export(stores: Stores, user_id: UUID) -> Any:
    async def page(cursor: str | None) -> tuple[Sequence[Any], str | None]:
        rows, after, _ = await stores.database.run(
            lambda db: service.list_all(db, user_id, PageQuery(limit=_PAGE, cursor=cursor))
        )
        return [asdict(row) for row in rows], after

    return await all_of(page)


async def _close(db: AsyncSession, user_id: UUID, payout: bool) -> None:
    del payout
    await service.revoke(db, user_id, reason="archived")


async def _erase(stores: Stores, user_id: UUID) -> None:
    await stores.database.run(lambda db: crud.delete_all(db, user_id))


PART: Final = PersonalData(name="sessions", overview=_overview, export=_export, close=_close, erase=_erase)
