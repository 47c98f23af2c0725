"""The end of a step of an autopay: what is written down, by one worker only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gencharge.autopay import due, settling_crud
from gencharge.autopay.events import AutopayAnnounced, AutopayFailed, AutopayPaused, AutopaySucceeded
from gencharge.autopay.models import AttemptOutcome, Autopay, AutopayStatus, PauseReason, RunOutcome
from gencharge.autopay.settling_crud import AttemptRow
from gencharge.core import faultpoints
from gencharge.core.events.events import Event
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.recharge.models import RechargeStatus

# How long until a recharge is looked at again that is still on its way to the operator, or waits for the bank.
CHECK_AGAIN: Final = timedelta(seconds=30)
_OPEN: Final = frozenset({RechargeStatus.PAYMENT_PENDING, RechargeStatus.PROCESSING, RechargeStatus.UNKNOWN})
# The recharge was not made, or was taken back before the autopay saw it delivered.
_NOT_MADE: Final = frozenset({RechargeStatus.FAILED})


@dataclass(frozen=True, slots=True)
class Run:
    """The result of looking at an autopay. `amount` in paise.

    `late_seconds` counts from the due date, `overdue_seconds` from when a worker was to look at it: for a retry that is later.
    """

    user_id: UUID
    autopay_id: UUID
    due_at: datetime
    outcome: RunOutcome
    reason: str | None = None
    amount: int = 0
    recharge_id: UUID | None = None
    late_seconds: int = 0
    overdue_seconds: int = 0


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

    @property
    def overdue_seconds(self) -> int:
        """How long after a worker was to look at it: for the notice, or once it is due for the run."""
        now, awaited = clock.now(), self.row.wake_at
        assert awaited is not None, "an autopay that is claimed is awake"
        if now >= self.due_at:
            awaited = max(awaited, self.due_at)
        return max(0, int((now - awaited).total_seconds()))


async def settle(
    database: Database,
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
    row, late, overdue = claimed.row, claimed.late_seconds, claimed.overdue_seconds
    tried = (
        AttemptRow(new_id(), attempt.value, reason, amount, recharge_id, late)
        if attempt is not None
        else None
    )
    is_present = await settling_crud.settle(database, row, claimed.due_at, values, attempt=tried, event=event)
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
        overdue,
    )


async def announce(
    database: Database,
    claimed: DueAutopay,
    *,
    outcome: RunOutcome = RunOutcome.ANNOUNCED,
    price: int | None = None,
    again_at: datetime | None = None,
) -> Run:
    """Tell the owner what will be charged: `price` paise, the last known price by default.

    `again_at`: when a worker looks at it again, if that is not the due date.
    """
    row = claimed.row
    named = price or row.price
    announced = AutopayAnnounced(
        user_id=str(row.user_id),
        autopay_id=str(row.autopay_id),
        phone_number=row.phone_number,
        plan_name=row.plan_name,
        due_at=(again_at or claimed.due_at).isoformat(),
        price_paise=named,
        max_amount_paise=row.max_amount,
        payment_method=row.payment_method,
    )
    values = {
        "noticed_due": claimed.due_at,
        "noticed_at": clock.now(),
        "noticed_price": named,
        "price": named,
        "wake_at": again_at or claimed.due_at,
    }
    if again_at is None and row.noticed_due == claimed.due_at:
        return await settle(database, claimed, outcome, {"wake_at": claimed.due_at})
    return await settle(database, claimed, outcome, values, event=announced)


async def sold(
    database: Database,
    claimed: DueAutopay,
    recharge_id: UUID,
    status: RechargeStatus,
    paid: Money,
    *,
    reason: str | None = None,
) -> Run:
    """Write down how a sale stands: made, under way, or not made, which is a failed try for `reason`."""
    if status in _NOT_MADE:
        return await failed(database, claimed, reason or "recharge_failed", recharge_id=recharge_id, sales=1)
    if status in _OPEN:
        pending = {"recharge_id": recharge_id, "wake_at": clock.now() + CHECK_AGAIN}
        return await settle(database, claimed, RunOutcome.PENDING, pending, recharge_id=recharge_id)
    values = next_due(claimed, AutopayStatus.COMPLETED)
    values["price"] = paid.paise
    succeeded = AutopaySucceeded(
        user_id=str(claimed.row.user_id),
        autopay_id=str(claimed.row.autopay_id),
        phone_number=claimed.row.phone_number,
        plan_name=claimed.row.plan_name,
        recharge_id=str(recharge_id),
        amount_paise=paid.paise,
        due_at=claimed.due_at.isoformat(),
        late_seconds=claimed.late_seconds,
        next_due=_text(values["next_due"]),
    )
    return await settle(
        database,
        claimed,
        RunOutcome.SUCCEEDED,
        values,
        event=succeeded,
        attempt=AttemptOutcome.SUCCEEDED,
        recharge_id=recharge_id,
        amount=paid.paise,
    )


async def failed(
    database: Database, claimed: DueAutopay, reason: str, *, recharge_id: UUID | None = None, sales: int = 0
) -> Run:
    """A try that failed: again later, or abandoned for this due date. `sales`: how many sales have failed with it."""
    row = claimed.row
    tries = row.tries + 1
    again = due.retry_at(tries, clock.now())
    if again is not None and row.mandate_id is not None:
        again = due.allowed_at(again, database.settings.mandate_peak_times)
    values = next_due(claimed, AutopayStatus.FAILED)
    following: datetime | None = values["next_due"]
    if again is not None:
        following = claimed.due_at
        values = {"tries": tries, "cycle": row.cycle + sales, "recharge_id": None, "wake_at": again}
    event = AutopayFailed(
        user_id=str(row.user_id),
        autopay_id=str(row.autopay_id),
        phone_number=row.phone_number,
        plan_name=row.plan_name,
        reason=reason,
        due_at=claimed.due_at.isoformat(),
        retry_at=_text(again),
        next_due=_text(following),
        kind=row.kind,
    )
    return await settle(
        database,
        claimed,
        RunOutcome.ABANDONED if again is None else RunOutcome.RETRYING,
        values,
        event=event,
        attempt=AttemptOutcome.ABANDONED if again is None else AttemptOutcome.FAILED,
        reason=reason,
        recharge_id=recharge_id,
    )


async def pause(
    database: Database, claimed: DueAutopay, reason: PauseReason, *, price: int | None = None
) -> Run:
    """Pause it until its owner has decided. `price` in paise, if it is the reason."""
    row = claimed.row
    event = AutopayPaused(
        user_id=str(row.user_id),
        autopay_id=str(row.autopay_id),
        phone_number=row.phone_number,
        plan_name=row.plan_name,
        reason=reason.value,
        price_paise=price or row.price,
        max_amount_paise=row.max_amount,
        kind=row.kind,
    )
    values = {
        "status": AutopayStatus.PAUSED.value,
        "pause_reason": reason.value,
        "wake_at": None,
        "price": price or row.price,
    }
    return await settle(
        database,
        claimed,
        RunOutcome.PAUSED,
        values,
        event=event,
        attempt=AttemptOutcome.PAUSED,
        reason=reason.value,
    )


def next_due(claimed: DueAutopay, ended: AutopayStatus) -> dict[str, Any]:
    """The columns after a due date is done with: the next one, or the end of a onetime autopay."""
    row, now = claimed.row, clock.now()
    values: dict[str, Any] = {"tries": 0, "cycle": 0, "recharge_id": None}
    following = due.following(row, now)
    if following is None:
        return values | {"status": ended.value, "next_due": None, "wake_at": None}
    period, instant = following
    wake_at = due.wake_for(instant, row.noticed_due, now)
    return values | {"periods": period, "next_due": instant, "wake_at": wake_at}


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
