"""How autopays are shown."""

from __future__ import annotations

from gencharge.autopay.models import (
    AttemptOutcome,
    Autopay,
    AutopayAttempt,
    AutopayKind,
    AutopayPaymentMethod,
    AutopayStatus,
    AutopayTag,
    AutoTopup,
    AutoTopupCharge,
    ChargeOutcome,
    HeldBack,
    IntervalUnit,
    PauseReason,
    TopupPauseReason,
    TopupStatus,
)
from gencharge.autopay.schemas import AutopayAttemptOut, AutopayOut, IntervalOut
from gencharge.autopay.topups_schemas import AutoTopupChargeOut, AutoTopupOut
from gencharge.core.values.money import Money


def autopay_out(row: Autopay) -> AutopayOut:
    """An autopay as its owner sees it."""
    every = None
    if row.interval_count is not None and row.interval_unit is not None:
        every = IntervalOut(n=row.interval_count, unit=IntervalUnit(row.interval_unit))
    return AutopayOut(
        autopay_id=row.autopay_id,
        kind=AutopayKind(row.kind),
        phone_number=row.phone_number,
        plan_id=row.plan_id,
        plan_name=row.plan_name,
        operator=row.operator,
        tag=AutopayTag(row.tag),
        status=AutopayStatus(row.status),
        pause_reason=None if row.pause_reason is None else PauseReason(row.pause_reason),
        payment_method=AutopayPaymentMethod(row.payment_method),
        mandate_id=row.mandate_id,
        price=Money(row.price),
        amount=None if row.amount is None else Money(row.amount),
        max_amount=Money(row.max_amount),
        every=every,
        next_due_at=row.next_due,
        is_announced=row.next_due is not None and row.noticed_due == row.next_due,
        tries=row.tries,
        recharge_id=row.recharge_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def attempt_out(row: AutopayAttempt) -> AutopayAttemptOut:
    """A try as the owner of the autopay sees it."""
    return AutopayAttemptOut(
        attempt_id=row.attempt_id,
        autopay_id=row.autopay_id,
        due_at=row.due_at,
        attempted_at=row.attempted_at,
        outcome=AttemptOutcome(row.outcome),
        reason=row.reason,
        amount=Money(row.amount),
        recharge_id=row.recharge_id,
        late_seconds=row.late_seconds,
    )


def auto_topup_out(row: AutoTopup) -> AutoTopupOut:
    """An automatic top-up as its owner sees it."""
    return AutoTopupOut(
        threshold=Money(row.threshold),
        amount=Money(row.amount),
        monthly_max=Money(row.monthly_max),
        mandate_id=row.mandate_id,
        status=TopupStatus(row.status),
        pause_reason=None if row.pause_reason is None else TopupPauseReason(row.pause_reason),
        charge_at=row.charge_at,
        held_back=None if row.held_back is None else HeldBack(row.held_back),
        tries=row.tries,
        payment_id=row.payment_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def charge_out(row: AutoTopupCharge) -> AutoTopupChargeOut:
    """A charge of an automatic top-up as its owner sees it."""
    return AutoTopupChargeOut(
        charge_id=row.charge_id,
        amount=Money(row.amount),
        outcome=ChargeOutcome(row.outcome),
        reason=row.reason,
        payment_id=row.payment_id,
        attempted_at=row.attempted_at,
    )
