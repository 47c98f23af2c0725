"""Counts what happens to recharges."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import crud
from gencharge.core.events.events import Envelope, InsideBatch
from gencharge.recharge.events import (
    BillPaid,
    PlanRecharged,
    RechargeAccepted,
    RechargeFailed,
    RechargePlaced,
    RechargeRefunded,
)


async def count_recharges(db: AsyncSession, batch: list[Envelope]) -> None:
    """Add what happened to the figures of its day."""
    await crud.count_facts(db, [_happened(envelope) for envelope in batch])


def _happened(envelope: Envelope) -> crud.Happened:
    event = envelope.event
    assert isinstance(event, _TOPICS)
    user_id, recharge_id, topic = UUID(event.user_id), UUID(event.recharge_id), event.topic()
    if isinstance(event, RechargeRefunded):
        return crud.Happened(user_id, recharge_id, topic, event.refund_id, event.in_full)
    return crud.Happened(user_id, recharge_id, topic)


_TOPICS: Final = (RechargePlaced, RechargeAccepted, PlanRecharged, BillPaid, RechargeFailed, RechargeRefunded)
COUNT: Final = InsideBatch(crud.LISTENER, _TOPICS, count_recharges)
