"""What a customer viewed or deleted of the announcements, and what was announced to them alone: exported, and erased with the account.

What was announced to many is nobody's own."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from gencharge.announcements import crud
from gencharge.announcements.models import Audience, AudienceKind
from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.stores.mongo import answering
from gencharge.core.stores.stores import Stores
from gencharge.core.values.recipient import Recipient


async def _export(stores: Stores, user_id: UUID) -> Any:
    with answering(stores.documents):
        views = await crud.list_views(stores.documents, Recipient("user", user_id))
    return [
        {name: view.get(name) for name in ("announcement_id", "viewed_at", "deleted_at")} for view in views
    ]


async def _erase(stores: Stores, user_id: UUID) -> None:
    own = Audience(AudienceKind.CUSTOMER, user_id=user_id)
    with answering(stores.documents):
        await crud.delete_of_recipient(stores.documents, Recipient("user", user_id), own.key)


PART: Final = PersonalData(name="announcements", export=_export, erase=_erase)
