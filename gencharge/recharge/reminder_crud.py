"""Which plans end soon, and up to which end their payers were reminded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.recharge.reminder_models import ReminderMark

# A plan that another one follows needs no reminder, nor does one that was bought for hardly longer than the notice. WITH TIES: plans
# that end at one instant are in one batch, because the mark goes by instants.
_ENDING = text("""
    SELECT user_id, recharge_id, phone_number, plan_name, valid_until FROM active_plans AS plan
    WHERE status = 'active' AND NOT is_addon AND valid_until > :after AND valid_until <= :until
      AND valid_until - valid_from > :shortest
      AND NOT EXISTS (
        SELECT FROM active_plans AS next WHERE next.phone_number = plan.phone_number
        AND next.status IN ('queued', 'pending') AND NOT next.is_addon)
    ORDER BY valid_until
    FETCH FIRST :limit ROWS WITH TIES
""")


async def lock_mark(db: AsyncSession, days: int, beginning: datetime) -> datetime:
    """Up to which end of a plan the reminders of this many days before were sent, held to the end of the transaction;
    `beginning` if there were none yet."""
    first = insert(ReminderMark).values(days=days, reminded_until=beginning).on_conflict_do_nothing()
    await db.execute(first)
    held = select(ReminderMark.reminded_until).where(ReminderMark.days == days).with_for_update()
    return (await db.scalars(held)).one()


async def set_mark(db: AsyncSession, days: int, until: datetime) -> None:
    """Plans that end up to this instant have their reminders."""
    await db.execute(update(ReminderMark).where(ReminderMark.days == days).values(reminded_until=until))


async def list_ending(
    db: AsyncSession, *, after: datetime, until: datetime, shortest: timedelta, limit: int
) -> Sequence[Row[Any]]:
    """Active base plans that end after `after` and until `until`, with nothing behind them, the earliest first; about `limit`."""
    values = {"after": after, "until": until, "shortest": shortest, "limit": limit}
    return (await db.execute(_ENDING, values)).all()
