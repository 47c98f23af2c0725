"""What this room holds about a customer. `erasure_service` erases it as its last step."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import PageParams, PageQuery
from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.stores.stores import Stores
from gencharge.users import crud
from gencharge.users import kyc_service as kyc
from gencharge.users import numbers_service as numbers
from gencharge.users import profile_service as profile
from gencharge.users.staff_schemas import StaffUserOut


async def _export(stores: Stores, user_id: UUID) -> Any:
    async def unit(db: AsyncSession) -> Any:
        user = await crud.get_user(db, user_id)
        saved, _, _ = await numbers.list_saved(db, user_id, PageQuery(limit=numbers.MAX_SAVED_NUMBERS))
        return {
            "user": StaffUserOut.model_validate(user),
            "preferences": dict(await profile.preferences_of(db, user_id)),
            "saved_numbers": saved,
            "kyc_requests": (await kyc.list_mine(db, user_id, PageParams(limit=100))).items,
        }

    return await stores.database.run(unit)


PART: Final = PersonalData(name="profile", export=_export)
