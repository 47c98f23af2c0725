"""The failed sign-ins of a customer's number, and an address or number that they began to change to."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.auth import contact_service, crud
from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.stores.stores import Stores
from gencharge.directory import service as directory
from gencharge.users import service as users


async def _export(stores: Stores, user_id: UUID) -> Any:
    return await stores.database.run(lambda db: contact_service.list_unproved(db, user_id))


async def _erase(stores: Stores, user_id: UUID) -> None:
    async def unit(db: AsyncSession) -> None:
        brief = (await users.briefs(db, [user_id])).get(user_id)
        # If the number has a new owner, the count is theirs.
        if brief is not None and await directory.phone_owner(db, brief.phone_number) is None:
            await crud.delete_failures(db, brief.phone_number)
        await crud.delete_contact_changes(db, user_id)

    await stores.database.run(unit)


PART: Final = PersonalData(name="unproved_contacts", export=_export, erase=_erase)
