"""Counts what happens to recharges."""

from __future__ import annotations

from typing import Final

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
    events = [envelope.event for envelope in batch]
    await crud.count_facts(
        db,
        # Each has the id of its recharge. As text: PostgreSQL's client reads it.
        user_ids=[event.user_id for event in events],
        recharge_ids=[event.recharge_id for event in events],  # type: ignore[attr-defined]
        topics=[event.topic() for event in events],
        refund_ids=[getattr(event, "refund_id", None) for event in events],
        in_full=[getattr(event, "in_full", False) for event in events],
    )


_TOPICS: Final = (RechargePlaced, RechargeAccepted, PlanRecharged, BillPaid, RechargeFailed, RechargeRefunded)
COUNT: Final = InsideBatch(crud.LISTENER, _TOPICS, count_recharges)
