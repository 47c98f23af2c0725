"""The messages to a customer when their account is exported or erased."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from gencharge.core.http.paging import decode_cursor, encode_cursor
from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.mongo import answering
from gencharge.core.stores.stores import Stores
from gencharge.core.values.recipient import Recipient
from gencharge.messages import crud, mail_crud
from gencharge.messages.schemas import MessageOut

_PAGE: Final = 100


async def _export(stores: Stores, user_id: UUID) -> Any:
    recipient = Recipient("user", user_id)

    async def page(cursor: str | None) -> tuple[Sequence[Any], str | None]:
        after = decode_cursor(cursor, kinds=(UUID,))[0] if cursor else None
        with answering(stores.documents):
            messages = await crud.list_of_recipient(stores.documents, recipient, after, _PAGE)
        more = len(messages) == _PAGE
        return [MessageOut.of(each) for each in messages], encode_cursor(
            messages[-1]["_id"]
        ) if more else None

    return await all_of(page)


async def _erase(stores: Stores, user_id: UUID) -> None:
    with answering(stores.documents):
        await crud.delete_of_recipient(stores.documents, Recipient("user", user_id))
        await mail_crud.delete_of_recipient(stores.documents, Recipient("user", user_id))


PART: Final = PersonalData(name="messages", export=_export, erase=_erase)
