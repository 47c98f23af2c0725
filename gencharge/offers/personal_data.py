"""A customer's uses of offers, their own codes and what they owe: exported. Codes that nobody else could use go with the account.

Uses stay, because the ledger refers to them; they hold ids only (docs/decisions/0008-erasure.md). A debt does not keep an account from
being closed: it was a cost of its offer from the start, and is withheld from nothing but a cashback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import PageQuery
from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.offers import codes_crud, crud, staff_use_service
from gencharge.offers.staff_schemas import OfferUseOut

_PAGE: Final = 100


async def _overview(db: AsyncSession, user_id: UUID) -> Mapping[str, Money]:
    """What the customer owes from cashbacks of refunded recharges."""
    return {"cashback_owed": Money(await crud.get_debt(db, user_id))}


async def _export(stores: Stores, user_id: UUID) -> Mapping[str, Any]:
    async def uses(cursor: str | None) -> tuple[Sequence[OfferUseOut], str | None]:
        query = PageQuery(limit=_PAGE, cursor=cursor)
        rows, after, _ = await stores.database.run(lambda db: codes_crud.list_uses(db, user_id, query))
        return [staff_use_service.use_out(row) for row in rows], after

    async def codes(cursor: str | None) -> tuple[Sequence[dict[str, object]], str | None]:
        query = PageQuery(limit=_PAGE, cursor=cursor)
        rows, after, _ = await stores.database.run(lambda db: codes_crud.list_bound_to(db, user_id, query))
        return [
            {"code": row.code, "offer_id": row.offer_id, "used_at": row.used_at, "created_at": row.created_at}
            for row in rows
        ], after

    overview = await stores.database.run(lambda db: _overview(db, user_id))
    return {**overview, "uses": await all_of(uses), "codes": await all_of(codes)}


async def _erase(stores: Stores, user_id: UUID) -> None:
    await stores.database.run(lambda db: codes_crud.delete_free_of(db, user_id))


PART: Final = PersonalData(name="offers", overview=_overview, export=_export, erase=_erase)
