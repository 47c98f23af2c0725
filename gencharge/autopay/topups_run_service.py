"""Filling wallets up that run low: the notice a day before, the charge by the mandate, its retries.

A step is: claim the row with a lease, do one thing, write the end down on the condition that the step is still the present one. The key of the
payment is that of the cycle, so a worker that died after the order leads the next one to the same payment; the charge is asked for only once the
row names the payment, and at most once for it (`payments.mandates_service`). What ends a charge raises the cycle, and only then there
is another payment.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import due, topups_crud
from gencharge.autopay.events import (
    AutoTopupAnnounced,
    AutoTopupFailed,
    AutoTopupHeldBack,
    AutoTopupPaused,
    AutoTopupSucceeded,
)
from gencharge.autopay.models import AutoTopup, ChargeOutcome, HeldBack, TopupPauseReason, TopupStatus
from gencharge.autopay.settling_service import CHECK_AGAIN
from gencharge.core import faultpoints
from gencharge.core.errors import DatabaseUnavailable, IdempotencyInProgress, IdempotencyKeyReused, Problem
from gencharge.core.events.events import Event, emit
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money, PositiveMoney
from gencharge.mandates import service as mandates
from gencharge.mandates.errors import MandateAmountExceeded, MandateNotActive, MandateNotFound
from gencharge.payments import service as payments
from gencharge.payments.errors import TopupLimitExceeded
from gencharge.payments.models import GatewayMethod, Payment, PaymentStatus
from gencharge.payments.service import PaymentContext, TopUp
from gencharge.users import service as users
from gencharge.users.models import UserStatus
from gencharge.wallet import service as wallet
from gencharge.wallet.models import RequestSource

# Longer than a charge can take.
LEASE_SECONDS: Final = 60.0
# How often a wallet is looked at; the charge comes a day later in any case.
LOOK_AGAIN: Final = timedelta(minutes=15)
# How many wallets are looked at together.
LOOKED_AT_ONCE: Final = 500
# How often it is looked whether a limit still keeps the charge back.
HELD_AGAIN: Final = timedelta(hours=6)
_PAID: Final = frozenset({PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED})


@dataclass(frozen=True, slots=True)
class DueTopup:
    """A claimed automatic top-up, and whether its owner's account is active."""

    row: AutoTopup
    is_owner_active: bool


async def claim(db: AsyncSession, *, limit: int) -> Sequence[DueTopup]:
    """Lease up to `limit` automatic top-ups that a worker has to look at. Those of wallets that hold enough are put off at once, a batch by one
    statement: that is what becomes of nearly all of them, four times an hour."""
    if not await _put_off(db):
        return []
    rows = await topups_crud.claim(db, limit=limit, lease_seconds=LEASE_SECONDS)
    active = await _active(db, {row.user_id for row in rows})
    return [DueTopup(row, row.user_id in active) for row in rows]


async def _put_off(db: AsyncSession) -> bool:
    """Put off what needs no step of its own. Whether there may be more to do now."""
    due_now = await topups_crud.list_due(db, limit=LOOKED_AT_ONCE)
    thresholds = {user_id: Money(paise) for user_id, paise in due_now if paise is not None}
    if thresholds:
        active, balances = (
            await _active(db, thresholds.keys()),
            await wallet.available_of(db, thresholds.keys()),
        )
        # Who has no wallet is left to the step, which says so.
        full = [each for each, balance in balances.items() if each in active and balance >= thresholds[each]]
        if full:
            await topups_crud.put_off(db, sorted(full), clock.now() + LOOK_AGAIN)
    return bool(due_now)


async def _active(db: AsyncSession, user_ids: Collection[UUID]) -> set[UUID]:
    owners = await users.briefs(db, user_ids)
    return {user_id for user_id, owner in owners.items() if owner.status is UserStatus.ACTIVE}


async def process(context: PaymentContext, claimed: DueTopup) -> bool:
    """Do what is to be done with a claimed automatic top-up. Not inside a transaction. False if somebody else was faster.

    Raises DatabaseUnavailable.
    """
    row, now = claimed.row, clock.now()
    if row.payment_id is not None:
        return await _look(context, row, row.payment_id)
    if not claimed.is_owner_active:
        return await _pause(context, row, TopupPauseReason.ACCOUNT_INACTIVE)
    balance, held_back = await context.database.run(lambda db: _state(context, db, row))
    if balance >= Money(row.threshold):
        values = _unannounced(row) | {"is_armed": True, "held_back": None, "wake_at": now + LOOK_AGAIN}
        return await _settle(context, row, values)
    if not row.is_armed:
        return await _settle(context, row, {"wake_at": now + LOOK_AGAIN})
    if held_back is not None:
        return await _hold_back(context, row, held_back)
    if row.charge_at is None:
        return await _announce(context, row)
    earliest = due.allowed_at(max(now, row.charge_at), context.settings.mandate_peak_times)
    if earliest > now:
        return await _settle(context, row, {"wake_at": earliest})
    return await _order(context, row)


async def _state(context: PaymentContext, db: AsyncSession, row: AutoTopup) -> tuple[Money, HeldBack | None]:
    """What the wallet holds, and the limit that a charge would break."""
    balance = await wallet.available(db, row.user_id)
    if balance >= Money(row.threshold):
        return balance, None
    month = clock.start_of_day(clock.now().astimezone(clock.IST).date().replace(day=1))
    if await topups_crud.sum_since(db, row.user_id, month) + row.amount > row.monthly_max:
        return balance, HeldBack.MONTHLY_MAX
    try:
        await payments.check_topup(db, context.settings, row.user_id, Money(row.amount))
    except TopupLimitExceeded:
        return balance, HeldBack.WALLET_LIMIT
    return balance, None


async def _hold_back(context: PaymentContext, row: AutoTopup, held_back: HeldBack) -> bool:
    """A limit keeps the charge back. Its owner hears of it once."""
    values = _unannounced(row) | {"held_back": held_back.value, "wake_at": clock.now() + HELD_AGAIN}
    event = AutoTopupHeldBack(
        user_id=str(row.user_id),
        amount_paise=row.amount,
        monthly_max_paise=row.monthly_max,
        reason=held_back.value,
    )
    return await _settle(context, row, values, None if row.held_back == held_back.value else event)


async def _announce(context: PaymentContext, row: AutoTopup) -> bool:
    """Tell the owner what is charged, a day before."""
    charge_at = due.allowed_at(clock.now() + due.NOTICE_BEFORE, context.settings.mandate_peak_times)
    event = AutoTopupAnnounced(
        user_id=str(row.user_id),
        amount_paise=row.amount,
        threshold_paise=row.threshold,
        charge_at=charge_at.isoformat(),
    )
    values = {"charge_at": charge_at, "wake_at": charge_at, "held_back": None, "tries": 0}
    return await _settle(context, row, values, event)


async def _order(context: PaymentContext, row: AutoTopup) -> bool:
    """Open the payment, write down that it is this top-up's, and charge it to the mandate."""
    database, now, user_id = context.database, clock.now(), row.user_id
    amount = Money(row.amount)
    try:
        mandate = await database.run(lambda db: mandates.get_chargeable(db, user_id, row.mandate_id, amount))
    except (MandateNotActive, MandateNotFound):
        return await _pause(context, row, TopupPauseReason.MANDATE_ENDED)
    except MandateAmountExceeded:
        return await _pause(context, row, TopupPauseReason.MANDATE_LIMIT)
    command = TopUp(
        amount=PositiveMoney(row.amount),
        payment_method=GatewayMethod(mandate.method),
        source=RequestSource(row.source),
    )
    try:
        opened = await payments.top_up(context, user_id, command, key=key_of(row))
    except DatabaseUnavailable:
        raise  # nothing is known: the lease runs out, and the same key finds out
    except IdempotencyInProgress:
        return await _settle(context, row, {"wake_at": now + CHECK_AGAIN})
    except IdempotencyKeyReused:
        # An order was opened for another amount, and never charged: another key is free.
        return await _settle(context, row, {"cycle": row.cycle + 1, "wake_at": now})
    except TopupLimitExceeded:
        return await _hold_back(context, row, HeldBack.WALLET_LIMIT)
    except Problem as problem:
        return await _failed(context, row, problem.code())
    await faultpoints.point("topup.ordered")
    payment_id = opened.answer.payment_id
    values = {"payment_id": payment_id, "wake_at": now + CHECK_AGAIN}
    if not await _settle(context, row, values):
        return False
    await _charge(context, row, payment_id)
    return True


async def _charge(context: PaymentContext, row: AutoTopup, payment_id: UUID) -> None:
    """Charge the payment to the mandate, unless that was asked for before. In the peak hours it waits."""
    user_id, database = row.user_id, context.database
    payment = await database.run(lambda db: payments.get_payment(db, user_id, payment_id))
    now = clock.now()
    is_open = payment.status == PaymentStatus.CREATED and payment.charged_at is None
    if not is_open or due.allowed_at(now, context.settings.mandate_peak_times) > now:
        return
    try:
        await mandates.charge(context, user_id, row.mandate_id, payment_id, Money(payment.amount))
    except (MandateNotActive, MandateNotFound, MandateAmountExceeded):
        await database.run(lambda db: payments.cancel(db, user_id, payment_id, "mandate_ended"))
    await faultpoints.point("topup.charged")


async def _look(context: PaymentContext, row: AutoTopup, payment_id: UUID) -> bool:
    """Look at the payment that is under way, and charge it if that has not been asked for yet."""
    await _charge(context, row, payment_id)
    payment = await context.database.run(lambda db: payments.get_payment(db, row.user_id, payment_id))
    if payment.status in _PAID:
        return await _succeeded(context, row, payment)
    if payment.status == PaymentStatus.FAILED:
        return await _failed(context, row, "payment_failed", payment_id=payment_id)
    return await _settle(context, row, {"wake_at": clock.now() + CHECK_AGAIN})


async def _succeeded(context: PaymentContext, row: AutoTopup, payment: Payment) -> bool:
    values = _unannounced(row) | {"wake_at": clock.now() + LOOK_AGAIN}
    event = AutoTopupSucceeded(
        user_id=str(row.user_id), payment_id=str(payment.payment_id), amount_paise=payment.amount
    )
    charge = _charge_row(row, ChargeOutcome.SUCCEEDED, payment_id=payment.payment_id, amount=payment.amount)
    return await _settle(context, row, values, event, charge)


async def _failed(
    context: PaymentContext, row: AutoTopup, reason: str, *, payment_id: UUID | None = None
) -> bool:
    """A charge that failed: again later, or paused after the last retry."""
    charge = _charge_row(row, ChargeOutcome.FAILED, reason=reason, payment_id=payment_id)
    again = due.retry_at(row.tries + 1, clock.now())
    if again is None:
        return await _pause(context, row, TopupPauseReason.FAILING, charge)
    again = due.allowed_at(again, context.settings.mandate_peak_times)
    values = {"payment_id": None, "cycle": row.cycle + 1, "tries": row.tries + 1, "wake_at": again}
    event = AutoTopupFailed(
        user_id=str(row.user_id), amount_paise=row.amount, reason=reason, retry_at=again.isoformat()
    )
    return await _settle(context, row, values, event, charge)


async def _pause(
    context: PaymentContext,
    row: AutoTopup,
    reason: TopupPauseReason,
    charge: Mapping[str, Any] | None = None,
) -> bool:
    """Pause it until its owner has decided."""
    return await _settle(context, row, paused(row, reason), pause_event(row, reason), charge)


def paused(row: AutoTopup, reason: TopupPauseReason) -> dict[str, Any]:
    """The columns of one that is paused. What was announced is forgotten."""
    return {
        "status": TopupStatus.PAUSED.value,
        "pause_reason": reason.value,
        "wake_at": None,
        **_unannounced(row),
    }


def _unannounced(row: AutoTopup) -> dict[str, Any]:
    """The columns once nothing is announced. What was opened and not charged is left: the next payment has another key."""
    cycle = row.cycle if row.charge_at is None else row.cycle + 1
    return {"payment_id": None, "charge_at": None, "cycle": cycle, "tries": 0}


def pause_event(row: AutoTopup, reason: TopupPauseReason) -> AutoTopupPaused:
    """What its owner hears of a pause."""
    return AutoTopupPaused(user_id=str(row.user_id), amount_paise=row.amount, reason=reason.value)


def key_of(row: AutoTopup) -> str:
    """The idempotency key of the payment of this cycle: the same from every worker."""
    return f"auto:{row.cycle}"


def _charge_row(
    row: AutoTopup,
    outcome: ChargeOutcome,
    *,
    reason: str | None = None,
    payment_id: UUID | None = None,
    amount: int | None = None,
) -> dict[str, Any]:
    return {
        "user_id": row.user_id,
        "charge_id": new_id(),
        "cycle": row.cycle,
        "amount": row.amount if amount is None else amount,
        "outcome": outcome.value,
        "reason": reason,
        "payment_id": payment_id,
        "attempted_at": clock.now(),
    }


async def _settle(
    context: PaymentContext,
    row: AutoTopup,
    values: Mapping[str, Any],
    event: Event | None = None,
    charge: Mapping[str, Any] | None = None,
) -> bool:
    """Write the end of a step, with its charge and its event, if the step is still the present one."""

    async def unit(db: AsyncSession) -> bool:
        if not await topups_crud.settle(db, row, values):
            return False
        if charge is not None:
            await topups_crud.add_charge(db, **charge)
        if event is not None:
            await emit(db, event)
        return True

    is_present = await context.database.run(unit)
    await faultpoints.point("topup.settled")
    return is_present
