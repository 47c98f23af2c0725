"""The campaigns that a customer is in: exported, and erased with the account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from gencharge.campaigns import crud
from gencharge.core.http.paging import PageQuery
from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.stores import Stores

_PAGE: Final = 100


async def _export(stores: Stores, user_id: UUID) -> Any:
    async def page(cursor: str | None) -> tuple[Sequence[dict[str, object]], str | None]:
        rows, after, _ = await stores.database.run(
            lambda db: crud.list_of_user(db, user_id, PageQuery(limit=_PAGE, cursor=cursor))
        )
        return [{"campaign_id": row.campaign_id, "created_at": row.created_at} for row in rows], after

    return await all_of(page)


async def _erase(stores: Stores, user_id: UUID) -> None:
    await stores.database.run(lambda db: crud.delete_of_user(db, user_id))


PART: Final = PersonalData(name="campaigns", export=_export, erase=_erase)
