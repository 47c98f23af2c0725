"""A customer's enquiries when their account is exported or erased. Notes of the staff are not exported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from gencharge.contact import crud, service
from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.mongo import answering
from gencharge.core.stores.stores import Stores
from gencharge.core.vault.vault import Vault

_PAGE: Final = 50


async def _export(stores: Stores, user_id: UUID) -> Any:
    vault = Vault.of_database(stores.database)

    async def page(cursor: str | None) -> tuple[Sequence[Any], str | None]:
        return await service.list_whole(stores.documents, vault, user_id, cursor, _PAGE)

    return await all_of(page)


async def _erase(stores: Stores, user_id: UUID) -> None:
    with answering(stores.documents):
        await crud.delete_of_customer(stores.documents, user_id)


PART: Final = PersonalData(name="enquiries", export=_export, erase=_erase)
