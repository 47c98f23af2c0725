"""What the staff see of a customer's receipts."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.company import Company
from gencharge.core.postgres.database import Database
from gencharge.receipts import service
from gencharge.receipts.schemas import ReceiptOut
from gencharge.recharge import service as recharges
from gencharge.sessions.guards import Principal


async def get_receipt(
    database: Database, seller: Company, admin: Principal, user_id: UUID, recharge_id: UUID
) -> ReceiptOut:
    """The receipt of a customer's recharge, issued now if it was not issued before.

    Raises RechargeNotFound, also if the operator is out of the admin's scope, and ReceiptNotReady.
    """

    async def unit(db: AsyncSession) -> ReceiptOut:
        recharge = await recharges.get_in_scope(db, admin, user_id, recharge_id)
        return await service.receipt_of(db, seller, recharge)

    return await database.run(unit)
