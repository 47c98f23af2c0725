"""The end of a step of an autopay: what is written down, by one worker only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import crud
from gencharge.autopay.models import AttemptOutcome, Autopay, RunOutcome
from gencharge.core import faultpoints
from gencharge.core.events.events import Event, emit
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id


@dataclass(frozen=True, slots=True)
class Run:
    """The result of looking at an autopay. `amount` in paise."""

    user_id: UUID
    autopay_id: UUID
    due_at: datetime
    outcome: RunOutcome
    reason: str | None = None
    amount: int = 0
    recharge_id: UUID | None = None
    late_seconds: int = 0


@dataclass(frozen=True, slots=True)
class DueAutopay:
    """A claimed autopay, and whether its owner's account is active."""

    row: Autopay
    is_owner_active: bool

    @property
    def due_at(self) -> datetime:
        """When it is due."""
        assert self.row.next_due is not None, "an autopay that is claimed is due"
        return self.row.next_due

    @property
    def late_seconds(self) -> int:
        """How long after it was due it is now."""
        return max(0, int((clock.now() - self.due_at).total_seconds()))


async def settle(
    stores: Stores,
    claimed: DueAutopay,
    outcome: RunOutcome,
    values: dict[str, Any],
    *,
    event: Event | None = None,
    attempt: AttemptOutcome | None = None,
    reason: str | None = None,
    recharge_id: UUID | None = None,
    amount: int = 0,
) -> Run:
    """Write the end of a step, with its try and its event, if the step is still the present one.

    Not inside a transaction. `amount` in paise.
    """
    row, late = claimed.row, claimed.late_seconds

    async def unit(db: AsyncSession) -> bool:
        if not await crud.settle(
            db,
            row.user_id,
            row.autopay_id,
            due=claimed.due_at,
            tries=row.tries,
            cycle=row.cycle,
            recharge_id=row.recharge_id,
            values=values,
        ):
            return False
        if attempt is not None:
            await crud.add_attempt(
                db,
                user_id=row.user_id,
                attempt_id=new_id(),
                autopay_id=row.autopay_id,
                due_at=claimed.due_at,
                attempted_at=clock.now(),
                outcome=attempt.value,
                reason=reason,
                amount=amount,
                recharge_id=recharge_id,
                late_seconds=late,
            )
        if event is not None:
            await emit(db, event)
        return True

    is_present = await stores.database.run(unit)
    await faultpoints.point("autopay.settled")
    return Run(
        row.user_id,
        row.autopay_id,
        claimed.due_at,
        outcome if is_present else RunOutcome.SUPERSEDED,
        reason,
        amount,
        recharge_id,
        late,
    )
