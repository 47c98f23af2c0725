"""Plain functions that make complaints."""

from __future__ import annotations

from uuid import UUID

from gencharge.complaints import service
from gencharge.complaints.models import ComplaintReason
from gencharge.complaints.schemas import Complain, ComplaintOut
from gencharge.core.stores.stores import Stores


async def complain(
    stores: Stores, user_id: UUID, recharge_id: UUID, reason: str = "not_delivered"
) -> ComplaintOut:
    """A customer's complaint about a recharge."""
    command = Complain(recharge_id=recharge_id, reason=ComplaintReason(reason))
    return await stores.database.run(lambda db: service.complain(db, user_id, command))
