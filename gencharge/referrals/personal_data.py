"""A customer's referral rewards: shown, exported; what tells of their device is erased with the account.

The rewards stay, because the ledger refers to them; they hold ids only (docs/decisions/0008-erasure.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from gencharge.core.http.paging import PageQuery
from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.referrals import crud, service
from gencharge.referrals.schemas import RewardOut

_PAGE: Final = 100


async def _export(stores: Stores, user_id: UUID) -> Mapping[str, Any]:
    async def page(cursor: str | None) -> tuple[Sequence[RewardOut], str | None]:
        query = PageQuery(limit=_PAGE, cursor=cursor)
        rewards = await stores.database.run(lambda db: service.list_rewards(db, user_id, query))
        return rewards.items, rewards.next_cursor

    owed = await stores.database.run(lambda db: crud.get_owed(db, user_id))
    return {"owed": Money(owed), "rewards": await all_of(page)}


async def _erase(stores: Stores, user_id: UUID) -> None:
    await stores.database.run(lambda db: crud.delete_marks(db, user_id))


PART: Final = PersonalData(name="referrals", export=_export, erase=_erase)
