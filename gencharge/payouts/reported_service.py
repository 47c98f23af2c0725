"""What the gateway's webhooks say about payouts. They may come twice, late and in any order, so each is only a reason to ask the gateway.

What was refused can still have arrived, if an answer was lost before. Such news is told to the staff: by then the money may be on its
way to another payee.
"""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import emit
from gencharge.payouts import crud
from gencharge.payouts.events import PayoutContradicted
from gencharge.payouts.models import PayoutStatus

# Why a payout needs a payee whose earlier attempt arrived after all: it may not be sent again before someone has looked.
ARRIVED_AFTER_ALL: Final = "arrived_after_all"
_REFERENCE: Final = re.compile(r"([0-9a-f]{32})-([0-9]{1,5})", re.ASCII)


async def apply(
    db: AsyncSession, user_id: UUID, *, reference: str, kind: str, gateway_payout_id: str
) -> None:
    """Have the gateway asked about the payout with this reference. One that is not ours changes nothing."""
    match = _REFERENCE.fullmatch(reference)
    payout = await crud.lock_payout(db, user_id, UUID(match[1])) if match else None
    if match is None or payout is None:
        return
    said_round = int(match[2])
    if said_round == payout.round:
        # One that was paid by hand was not sent.
        if payout.status == PayoutStatus.DUE or (
            payout.status == PayoutStatus.PAID and payout.gateway_payout_id is not None
        ):
            await crud.look_again(db, payout)
    elif (
        said_round < payout.round
        and kind == "payout.processed"
        and gateway_payout_id not in payout.ended_payout_ids
    ):
        if payout.status == PayoutStatus.NEEDS_PAYEE:
            payout.reason = ARRIVED_AFTER_ALL
            await db.flush()
        await emit(
            db,
            PayoutContradicted(
                user_id=str(user_id),
                payout_id=str(payout.payout_id),
                amount_paise=payout.amount,
                gateway_payout_id=gateway_payout_id,
            ),
        )
