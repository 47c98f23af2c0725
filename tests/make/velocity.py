"""Builders for tests of the velocity rules."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.velocity import service
from gencharge.velocity.models import (
    CautionReason,
    HeldBack,
    VelocityAllowance,
    VelocityCaution,
    VelocityRule,
)
from gencharge.velocity.service import Limits


def limits(*, session_id: UUID | None = None, **bounds: int) -> Limits:
    """Limits with these rules only: `limits(recharges_in_a_day=3)`; sums in paise."""
    unknown = bounds.keys() - {rule.value for rule in VelocityRule}
    assert not unknown, f"no such rule: {unknown}"
    return Limits(tuple(bounds.get(rule.value) for rule in VelocityRule), session_id)


async def list_held_back(stores: Stores, user_id: UUID) -> list[HeldBack]:
    """What was held back from a customer, the oldest first."""
    async with stores.database.transaction() as db:
        query = select(HeldBack).where(HeldBack.user_id == user_id)
        rows = list(await db.scalars(query.order_by(HeldBack.first_at, HeldBack.held_back_id)))
        db.expunge_all()
        return rows


async def caution_of(stores: Stores, user_id: UUID) -> datetime | None:
    """Until when a customer may spend less."""
    async with stores.database.transaction() as db:
        caution = await db.get(VelocityCaution, user_id)
        return None if caution is None or caution.reason == CautionReason.NEW_ACCOUNT else caution.ends_at


async def be_cautious(
    stores: Stores, user_id: UUID, reason: CautionReason = CautionReason.NEW_DEVICE
) -> None:
    """Look more closely at a customer for 24 hours from now."""
    settings = stores.settings.model_copy(update={"velocity_cautious_hours": 24})
    await stores.database.run(lambda db: service.be_cautious(db, settings, user_id, reason))


async def allow(stores: Stores, subject: str, *, factor: int = 2, hours: float = 1) -> UUID:
    """An allowance that the staff gave just now."""
    allowance = VelocityAllowance(
        subject=subject,
        allowance_id=new_id(),
        factor=factor,
        reason="a shop",
        allowed_by=new_id(),
        allowed_at=clock.now(),
        ends_at=clock.now() + timedelta(hours=hours),
    )
    async with stores.database.transaction() as db:
        db.add(allowance)
    return allowance.allowance_id
