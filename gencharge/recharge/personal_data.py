"""A customer's recharges when their account is exported, or when their number is to be billed in another way.

Recharges are books: they are kept when the account is erased (docs/decisions/0008-erasure.md), without what the customer called
them and noted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events import events
from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.stores import Stores
from gencharge.core.wording import worded
from gencharge.recharge import crud, lifecycle_crud, service, staff_service
from gencharge.recharge.schemas import RechargeOut, RechargeQuery
from gencharge.recharge.staff_schemas import RechargeOverview
from gencharge.users import service as users
from gencharge.users.errors import PlanTypeMismatch

_PAGE: Final = 100


async def _overview(db: AsyncSession, user_id: UUID) -> RechargeOverview:
    """The last recharges, and what runs or waits on the numbers that the customer paid for. Writes nothing."""
    return await staff_service.overview(db, user_id)


async def _export(stores: Stores, user_id: UUID) -> AsyncIterator[RechargeOut]:
    async def page(cursor: str | None) -> tuple[Sequence[RechargeOut], str | None]:
        query = RechargeQuery(limit=_PAGE, cursor=cursor, sort="created_at")
        recharges = await stores.database.run(lambda db: service.list_recharges(db, user_id, query))
        return recharges.items, recharges.next_cursor

    return await all_of(page)


async def _may_switch(db: AsyncSession, user_id: UUID, user_type: str) -> None:
    """Raises PlanTypeMismatch if the own number has an active or queued plan that is billed in the other way."""
    own_number = (await users.get(db, user_id)).phone_number
    # Under the number's lock: a concurrent recharge is either seen here or sees the new type.
    await lifecycle_crud.advance_line(db, own_number, events.context_json())
    running = await crud.find_plan_of_other_type(db, own_number, user_type)
    if running is not None:
        raise PlanTypeMismatch(
            worded(
                "The {plan_type} plan {plan_name} is still {status} on {own_number}.",
                plan_type=running.plan_type,
                plan_name=running.plan_name,
                status=running.status,
                own_number=own_number,
            ),
            plan_name=running.plan_name,
            plan_status=running.status,
            valid_until=running.valid_until,
        )


async def _erase(stores: Stores, user_id: UUID) -> None:
    await stores.database.run(lambda db: crud.forget_noted(db, user_id))


PART: Final = PersonalData(
    name="recharges", overview=_overview, export=_export, erase=_erase, may_switch=_may_switch
)
