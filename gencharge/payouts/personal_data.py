"""A customer's payee and payouts when their account is exported, closed or erased."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.payouts import crud, service
from gencharge.payouts.errors import PayeeNotFound
from gencharge.payouts.schemas import PayeeOut


async def _export(stores: Stores, user_id: UUID) -> Mapping[str, object]:
    async def read(db: AsyncSession) -> Mapping[str, object]:
        payouts = [
            {
                "payout_id": row.payout_id,
                "amount": Money(row.amount),
                "status": row.status,
                "destination": row.destination,
                "utr": row.utr,
                "paid_at": row.paid_at,
            }
            for row in await crud.list_own(db, user_id)
        ]
        return {"payee": await _payee(db, user_id), "payouts": payouts}

    return await stores.database.run(read)


async def _payee(db: AsyncSession, user_id: UUID) -> PayeeOut | None:
    try:
        return await service.show_payee(db, user_id)
    except PayeeNotFound:
        return None


async def _close(db: AsyncSession, user_id: UUID, payout: bool) -> None:
    """What the wallet's part has taken out is sent. Without `payout` it takes nothing out."""
    del payout
    await service.begin(db, user_id)


async def _erase(stores: Stores, user_id: UUID) -> None:
    await stores.database.run(lambda db: crud.erase(db, user_id))


PART: Final = PersonalData(name="payouts", export=_export, close=_close, erase=_erase)
