"""Builders for the tests of automatic top-ups."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import topups_service as topups
from gencharge.autopay.loop import TopupRunner
from gencharge.autopay.models import AutoTopup, AutoTopupCharge
from gencharge.autopay.topups_schemas import AutoTopupOut, AutoTopupSet
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.payments.context import PaymentContext
from gencharge.payments.loop import PaymentChecks
from tests.make.outside import Outside

# Two days ahead at 05:00 in India, when mandates may be charged and a notice leads to a charge a day later at the same time.
LOW = clock.start_of_day((clock.now() + timedelta(days=2)).astimezone(clock.IST).date()) + timedelta(hours=5)
DAY = timedelta(days=1)


async def set_topup(stores: Stores, user_id: UUID, mandate_id: UUID, **fields: Any) -> AutoTopupOut:
    """Rs 300 whenever the wallet holds less than Rs 100, and at most Rs 1,000 a month, unless `fields` say otherwise."""
    values = {"threshold": 100, "amount": 300, "monthly_max": 1_000, "mandate_id": mandate_id, **fields}
    command = AutoTopupSet.model_validate(values)
    return await stores.database.run(lambda db: topups.put(db, user_id, command))


async def look(context: PaymentContext, at: datetime, *, rounds: int = 3) -> None:
    """What the workers do at this instant and in the minutes after it."""
    for number in range(rounds):
        with clock.at(at + timedelta(seconds=61 * number)):
            await TopupRunner(context).drain()
            await PaymentChecks(context).drain()


async def row_of(stores: Stores, user_id: UUID) -> AutoTopup:
    """The setting as it is stored."""
    async with stores.database.transaction() as db:
        row = await db.get_one(AutoTopup, user_id)
        db.expunge(row)
        return row


async def charges_of(stores: Stores, user_id: UUID) -> list[tuple[str, str | None]]:
    """Outcome and reason of each charge, the oldest first."""

    async def unit(db: AsyncSession) -> list[tuple[str, str | None]]:
        query = select(AutoTopupCharge.outcome, AutoTopupCharge.reason).where(
            AutoTopupCharge.user_id == user_id
        )
        order = query.order_by(AutoTopupCharge.attempted_at, AutoTopupCharge.charge_id)
        return [(outcome, reason) for outcome, reason in await db.execute(order)]

    return await stores.database.run(unit)


def charged(outside: Outside) -> list[tuple[int, str]]:
    """What the gateway was asked to charge by tokens: paise and state."""
    rows = outside.control("GET", "/sandbox/state")["payments"]
    return [(row["amount"], row["status"]) for row in rows if row["amount"] != 100]
