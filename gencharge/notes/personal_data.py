"""What the staff noted about a customer: exported without the authors, and erased with the account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.stores import Stores
from gencharge.notes import service


async def _export(stores: Stores, user_id: UUID) -> Any:
    async def page(cursor: str | None) -> tuple[Sequence[Any], str | None]:
        return await stores.database.run(lambda db: service.list_for_customer(db, user_id, cursor))

    return await all_of(page)


async def _erase(stores: Stores, user_id: UUID) -> None:
    await stores.database.run(lambda db: service.erase(db, user_id))


PART: Final = PersonalData(name="notes", export=_export, erase=_erase)
