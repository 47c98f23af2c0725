"""A customer's inbox when their account is shown, exported or erased."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.mongo import answering
from gencharge.core.stores.stores import Stores
from gencharge.notifications import crud, service
from gencharge.notifications.models import Recipient
from gencharge.notifications.schemas import NotificationOut

_PAGE: Final = 100


async def _export(stores: Stores, user_id: UUID) -> Any:
    inbox = await service.open_inbox(stores, Recipient("user", user_id))

    async def page(cursor: str | None) -> tuple[Sequence[Any], str | None]:
        notices, after = await service.read(stores, inbox, limit=_PAGE, cursor=cursor)
        return [NotificationOut.of(notice) for notice in notices], after

    return await all_of(page)


async def _erase(stores: Stores, user_id: UUID) -> None:
    with answering(stores.documents):
        await crud.delete_inbox(stores.documents, Recipient("user", user_id))


PART: Final = PersonalData(name="notifications", export=_export, erase=_erase)
