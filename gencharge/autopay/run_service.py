"""Running what is due: the notice a day before, the recharge, its retries, and the next due date.

A step is: claim a row with a lease, sell, write the end down. The sale has the same idempotency key from every worker, so a
worker that dies between the two, or one that is so slow that its lease runs out, buys nothing twice: the next worker gets the
same recharge as the answer and writes it down. The due date moves with that, or when the last try has failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import crud, due
from gencharge.autopay.events import AutopayAnnounced, AutopayFailed, AutopayPaused, AutopaySucceeded
from gencharge.autopay.models import (
    AttemptOutcome,
    Autopay,
    AutopayStatus,
    PauseReason,
    RunOutcome,
)
from gencharge.autopay.service import key_of
from gencharge.autopay.settling_service import DueAutopay, Run, settle
from gencharge.core import faultpoints, telemetry
from gencharge.core.errors import DatabaseUnavailable, IdempotencyKeyReused, Problem
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.plans.errors import PlanNotFound
from gencharge.recharge import service as recharges
from gencharge.recharge.errors import (
    CircleMismatch,
    OperatorMismatch,
    PlanInactive,
    PriceChanged,
    ServiceTypeMismatch,
)
from gencharge.recharge.models import RechargeStatus
from gencharge.recharge.service import Subscribe, SubscriptionOut
from gencharge.users import service as users
from gencharge.users.models import UserStatus
from gencharge.velocity import service as velocity
from gencharge.wallet.models import PaymentMethod, RequestSource

# Longer than a sale can take.
LEASE_SECONDS: Final = 60.0
# How long until a recharge is looked at again that is still on its way to the operator.
CHECK_AGAIN: Final = timedelta(seconds=30)
# From when on a run counts as late in the log.
LATE: Final = timedelta(hours=1)
_OPEN: Final = frozenset({RechargeStatus.PAYMENT_PENDING, RechargeStatus.PROCESSING, RechargeStatus.UNKNOWN})
# The recharge was not made, or was taken back before the autopay saw it delivered.
_NOT_MADE: Final = frozenset({RechargeStatus.FAILED})
log = telemetry.get_logger(__name__)


async def claim(db: AsyncSession, *, limit: int) -> Sequence[DueAutopay]:
    """Lease up to `limit` autopays that a worker has to look at."""
    rows = await crud.claim(db, limit=limit, lease_seconds=LEASE_SECONDS)
    owners = await users.briefs(db, {row.user_id for row in rows}) if rows else {}
    return [
        DueAutopay(row, row.user_id in owners and owners[row.user_id].status is UserStatus.ACTIVE)
        for row in rows
    ]


async def process(stores: Stores, claimed: DueAutopay) -> Run:
    """Do what is to be done with a claimed autopay. Not inside a transaction. Raises DatabaseUnavailable."""
    row = claimed.row
    if not claimed.is_owner_active and row.recharge_id is None:
        return await _pause(stores, claimed, PauseReason.ACCOUNT_INACTIVE)
    if clock.now() < claimed.due_at:
        return await _announce(stores, claimed)
    if row.recharge_id is not None:
        return await _look(stores, claimed, row.recharge_id)
    return await _sell(stores, claimed, price=row.price)


async def _announce(stores: Stores, claimed: DueAutopay) -> Run:
    row = claimed.row
    announced = AutopayAnnounced(
        user_id=str(row.user_id),
        autopay_id=str(row.autopay_id),
        phone_number=row.phone_number,
        plan_name=row.plan_name,
        due_at=claimed.due_at.isoformat(),
        price_paise=row.price,
        max_amount_paise=row.max_amount,
    )
    values = {"noticed_due": claimed.due_at, "wake_at": claimed.due_at}
    event = None if row.noticed_due == claimed.due_at else announced
    return await settle(stores, claimed, RunOutcome.ANNOUNCED, values, event=event)


async def _sell(stores: Stores, claimed: DueAutopay, *, price: int) -> Run:
    """Buy the plan at `price` paise, or at its present price if that is allowed."""
    row = claimed.row
    try:
        sale = await buy(stores, row, claimed.due_at, price=price)
    except IdempotencyKeyReused:
        # Sold before, at another price: that worker died before it wrote the sale down.
        key = key_of(row.autopay_id, claimed.due_at, row.cycle)
        earlier = await stores.database.run(lambda db: recharges.show_by_key(db, row.user_id, key))
        return await _sold(stores, claimed, earlier.recharge_id, earlier.status, earlier.total_paid)
    except PriceChanged as changed:
        present = changed.extra["price"]
        if present.paise > row.max_amount:
            return await _pause(stores, claimed, PauseReason.PRICE, price=present.paise)
        return await _sell(stores, claimed, price=present.paise)
    except (PlanNotFound, PlanInactive):
        return await _pause(stores, claimed, PauseReason.PLAN_WITHDRAWN)
    except (OperatorMismatch, ServiceTypeMismatch, CircleMismatch):
        return await _pause(stores, claimed, PauseReason.NUMBER_CHANGED)
    except DatabaseUnavailable:
        raise  # nothing is known: the lease runs out, and the same key finds out
    except Problem as problem:
        return await _failed(stores, claimed, problem.code())
    await faultpoints.point("autopay.sold")
    return await _sold(stores, claimed, sale.recharge_id, sale.status, sale.total_paid)


async def buy(stores: Stores, row: Autopay, due_at: datetime, *, price: int) -> SubscriptionOut:
    """The recharge for a due date, at `price` paise: at most one, however often this is asked for.

    Raises what `recharges.pay_from_wallet` raises.
    """
    settings = stores.settings
    command = Subscribe(
        phone_number=row.phone_number,
        plan_id=row.plan_id,
        payment_method=PaymentMethod.WALLET,
        source=RequestSource(row.source),
        expected_price=Money(price),
    )
    sale = await recharges.pay_from_wallet(
        stores.database,
        row.user_id,
        command,
        key=key_of(row.autopay_id, due_at, row.cycle),
        window_seconds=settings.duplicate_window_seconds,
        limits=velocity.limits_of(settings, None),
    )
    return sale.answer


async def _look(stores: Stores, claimed: DueAutopay, recharge_id: UUID) -> Run:
    """Look at the recharge that is under way."""
    user_id = claimed.row.user_id
    recharge = await stores.database.run(lambda db: recharges.show(db, user_id, recharge_id))
    return await _sold(stores, claimed, recharge_id, recharge.status, recharge.total_paid)


async def _sold(
    stores: Stores, claimed: DueAutopay, recharge_id: UUID, status: RechargeStatus, paid: Money
) -> Run:
    if status in _NOT_MADE:
        return await _failed(stores, claimed, "recharge_failed", recharge_id=recharge_id, sales=1)
    if status in _OPEN:
        pending = {"recharge_id": recharge_id, "wake_at": clock.now() + CHECK_AGAIN}
        return await settle(stores, claimed, RunOutcome.PENDING, pending, recharge_id=recharge_id)
    values = _next_due(claimed, AutopayStatus.COMPLETED)
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
        stores,
        claimed,
        RunOutcome.SUCCEEDED,
        values,
        event=succeeded,
        attempt=AttemptOutcome.SUCCEEDED,
        recharge_id=recharge_id,
        amount=paid.paise,
    )


async def _failed(
    stores: Stores, claimed: DueAutopay, reason: str, *, recharge_id: UUID | None = None, sales: int = 0
) -> Run:
    """A try that failed: again later, or abandoned for this due date. `sales`: how many sales have failed with it."""
    row = claimed.row
    tries = row.tries + 1
    again = due.retry_at(tries, clock.now())
    values = _next_due(claimed, AutopayStatus.FAILED)
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
    )
    return await settle(
        stores,
        claimed,
        RunOutcome.ABANDONED if again is None else RunOutcome.RETRYING,
        values,
        event=event,
        attempt=AttemptOutcome.ABANDONED if again is None else AttemptOutcome.FAILED,
        reason=reason,
        recharge_id=recharge_id,
    )


async def _pause(
    stores: Stores, claimed: DueAutopay, reason: PauseReason, *, price: int | None = None
) -> Run:
    row = claimed.row
    event = AutopayPaused(
        user_id=str(row.user_id),
        autopay_id=str(row.autopay_id),
        phone_number=row.phone_number,
        plan_name=row.plan_name,
        reason=reason.value,
        price_paise=price or row.price,
        max_amount_paise=row.max_amount,
    )
    values = {
        "status": AutopayStatus.PAUSED.value,
        "pause_reason": reason.value,
        "wake_at": None,
        "price": price or row.price,
    }
    return await settle(
        stores,
        claimed,
        RunOutcome.PAUSED,
        values,
        event=event,
        attempt=AttemptOutcome.PAUSED,
        reason=reason.value,
    )


def _next_due(claimed: DueAutopay, ended: AutopayStatus) -> dict[str, Any]:
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
