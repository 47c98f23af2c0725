"""A customer's payments when their account is shown or exported.

Payments are books: they are kept when the account is erased, with an id that leads to nobody
(docs/decisions/0008-erasure.md). What is kept of webhooks holds no personal data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.stores import Stores
from gencharge.payments import crud, staff_service
from gencharge.payments.schemas import PaymentQuery, RefundOut

_PAGE: Final = 100


async def _overview(db: AsyncSession, user_id: UUID) -> Any:
    """How many payments wait for their customer or the gateway, and the refunds that are under way."""
    return await crud.count_open(db, user_id)


async def _export(stores: Stores, user_id: UUID) -> Any:
    async def payments(cursor: str | None) -> tuple[Sequence[Any], str | None]:
        wanted = PaymentQuery(limit=_PAGE, cursor=cursor, sort="created_at")
        found = await stores.database.run(lambda db: staff_service.list_mine(db, user_id, wanted))
        return found.items, found.next_cursor

    refunds = await stores.database.run(lambda db: crud.list_all_refunds(db, user_id))
    return {
        "payments": await all_of(payments),
        "refunds": [
            {"payment_id": row.payment_id, **RefundOut(**staff_service.refund_fields(row)).__dict__}
            for row in refunds
        ],
    }


PART: Final = PersonalData(name="payments", overview=_overview, export=_export)
