"""How autopays end, and what pauses them from outside: the owner, a closed account, a mandate that has ended."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import crud
from gencharge.autopay.events import AutopayCancelled, AutopayPaused
from gencharge.autopay.models import Autopay, AutopayStatus, PauseReason
from gencharge.core.events.events import emit
from gencharge.core.values import clock


async def close(db: AsyncSession, user_id: UUID) -> None:
    """End all autopays of an account that is closed."""
    for autopay in await crud.lock_live(db, user_id):
        await cancel(db, autopay, "account_closed")


async def pause_charged_to(db: AsyncSession, user_id: UUID, mandate_id: UUID) -> None:
    """A mandate has ended: pause what would be charged to it. A run under way ends first, and finds that out by itself."""
    for autopay in await crud.lock_live(db, user_id):
        is_free = autopay.status == AutopayStatus.ACTIVE and autopay.recharge_id is None
        if autopay.mandate_id != mandate_id or not is_free:
            continue
        autopay.status, autopay.pause_reason = AutopayStatus.PAUSED.value, PauseReason.MANDATE_ENDED.value
        autopay.wake_at, autopay.updated_at = None, clock.now()
        await db.flush()
        paused = AutopayPaused(
            user_id=str(user_id),
            autopay_id=str(autopay.autopay_id),
            phone_number=autopay.phone_number,
            plan_name=autopay.plan_name,
            reason=PauseReason.MANDATE_ENDED.value,
            price_paise=autopay.price,
            max_amount_paise=autopay.max_amount,
            kind=autopay.kind,
        )
        await emit(db, paused)


async def cancel(db: AsyncSession, autopay: Autopay, reason: str) -> None:
    """End a locked autopay for good. `reason` as of AutopayCancelled."""
    end(autopay)
    autopay.updated_at = clock.now()
    await db.flush()
    cancelled = AutopayCancelled(
        user_id=str(autopay.user_id), autopay_id=str(autopay.autopay_id), reason=reason
    )
    await emit(db, cancelled)


def end(autopay: Autopay) -> None:
    """Nothing is due any more. In memory: the caller writes it."""
    autopay.status, autopay.pause_reason = AutopayStatus.CANCELLED.value, None
    autopay.next_due = autopay.wake_at = autopay.leased_until = None
