"""How recharges and bought plans are shown."""

from __future__ import annotations

from datetime import datetime

from gencharge.core.values.money import Money
from gencharge.recharge.models import ActivePlan, PaymentState, PlanState, Recharge, RechargeStatus
from gencharge.recharge.schemas import BoughtPlanOut, RechargeOut
from gencharge.recharge.staff_schemas import StaffBoughtPlanOut, StaffRechargeOut
from gencharge.users.models import UserBrief
from gencharge.wallet.models import PaymentMethod


def status_of(recharge: Recharge, plan: ActivePlan | None) -> RechargeStatus:
    """The status that a customer sees: the plan's state after delivery, the payment's state before."""
    if recharge.status == PaymentState.DELIVERED and recharge.bill_id is not None:
        return RechargeStatus.PAID
    if recharge.status == PaymentState.DELIVERED and plan is not None:
        return RechargeStatus(plan.status)
    return RechargeStatus(recharge.status)


def recharge_out(
    recharge: Recharge, plan: ActivePlan | None, metadata: dict[str, str] | None = None
) -> RechargeOut:
    """A recharge as its customer sees it. `metadata`: what the customer noted."""
    return RechargeOut(
        status=status_of(recharge, plan),
        recharge_id=recharge.id,
        phone_number=recharge.phone_number,
        plan_id=recharge.plan_id,
        bill_id=recharge.bill_id,
        plan_version=recharge.plan_version,
        plan_name=recharge.plan_name,
        operator=recharge.operator,
        plan_type=recharge.plan_type,
        category=recharge.category,
        price=Money(recharge.price),
        talktime=Money(recharge.talktime) if recharge.talktime is not None else None,
        discount=Money(recharge.discount),
        cashback=Money(recharge.cashback),
        offer_id=recharge.offer_id,
        wallet_amount=Money(recharge.wallet_amount),
        gateway_amount=Money(recharge.gateway_amount),
        total_paid=Money(recharge.wallet_amount + recharge.gateway_amount),
        payment_method=PaymentMethod(recharge.payment_method),
        source=recharge.source,
        valid_from=plan.valid_from if plan else None,
        valid_until=plan.valid_until if plan else None,
        failure_reason=recharge.failure_reason,
        reference=recharge.caller_reference,
        metadata=metadata,
        created_at=recharge.created_at,
        completed_at=recharge.completed_at,
    )


def staff_recharge_out(
    recharge: Recharge,
    plan: ActivePlan | None,
    payer: UserBrief | None,
    *,
    now: datetime,
    metadata: dict[str, str] | None = None,
) -> StaffRechargeOut:
    """A recharge as the staff see it at `now`: a plan past its end shows as expired before its line is advanced."""
    shown = recharge_out(recharge, plan, metadata)
    ended = plan is not None and plan.valid_until is not None and plan.valid_until <= now
    if shown.status is RechargeStatus.ACTIVE and ended:
        shown = shown.model_copy(update={"status": RechargeStatus.EXPIRED})
    return StaffRechargeOut(**vars(shown), user_id=recharge.user_id, user=payer)


def plan_out(plan: ActivePlan, now: datetime) -> BoughtPlanOut:
    """A bought plan as its customer sees it at `now`."""
    pending = plan.status == PlanState.PENDING
    return BoughtPlanOut(
        recharge_id=plan.recharge_id,
        phone_number=plan.phone_number,
        plan_id=plan.plan_id,
        plan_name=plan.plan_name,
        operator=plan.operator,
        plan_type=plan.plan_type,
        category=plan.category,
        is_addon=plan.is_addon,
        status=RechargeStatus.PROCESSING if pending else RechargeStatus(plan.status),
        valid_from=plan.valid_from,
        valid_until=plan.valid_until,
        days_left=days_left(plan, now),
        bought_at=plan.created_at,
    )


def staff_plan_out(plan: ActivePlan, payer: UserBrief | None, *, now: datetime) -> StaffBoughtPlanOut:
    """A bought plan as the staff see it at `now`, with who paid for it."""
    return StaffBoughtPlanOut(**vars(plan_out(plan, now)), user_id=plan.user_id, user=payer)


def days_left(plan: ActivePlan, now: datetime) -> int | None:
    """Whole days until an active plan ends; None for any other plan."""
    if plan.status != PlanState.ACTIVE or plan.valid_until is None:
        return None
    return max(0, (plan.valid_until - now).days)
