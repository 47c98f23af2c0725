"""A customer's payments when their account is shown or exported.

Payments are books: they are kept when the account is erased, with an id that identifies nobody
and without what the customer called them and noted (docs/decisions/0008-erasure.md). What is kept of webhooks holds no personal data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.stores import Stores
from gencharge.payments import crud, refunds_crud, search_crud, service
from gencharge.payments.crud import OpenCounts
from gencharge.payments.schemas import PaymentOut, PaymentQuery
from gencharge.payments.views import refund_out

_PAGE: Final = 100


async def _overview(db: AsyncSession, user_id: UUID) -> OpenCounts:
    """How many payments are open, and how many refunds are pending."""
    return await crud.count_open(db, user_id=user_id)


async def _export(stores: Stores, user_id: UUID) -> Mapping[str, object]:
    """Every payment and refund, oldest first."""

    async def payments(cursor: str | None) -> tuple[Sequence[PaymentOut], str | None]:
        query = PaymentQuery(limit=_PAGE, cursor=cursor, sort="created_at")
        page = await stores.database.run(lambda db: service.list_own(db, user_id, query))
        return page.items, page.next_cursor

    refunds = await stores.database.run(lambda db: refunds_crud.list_of_customer(db, user_id=user_id))
    return {
        "payments": await all_of(payments),
        "refunds": [{"payment_id": refund.payment_id, **dict(refund_out(refund))} for refund in refunds],
    }


async def _erase(stores: Stores, user_id: UUID) -> None:
    await stores.database.run(lambda db: search_crud.forget_noted(db, user_id))


PART: Final = PersonalData(name="payments", overview=_overview, export=_export, erase=_erase)
