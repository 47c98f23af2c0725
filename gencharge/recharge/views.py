"""How recharges and bought plans are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gencharge.core.values.money import Money
from gencharge.recharge.models import ActivePlan, PaymentState, PlanState, Recharge, RechargeStatus
from gencharge.recharge.schemas import BoughtPlanOut, RechargeOut
from gencharge.wallet.models import PaymentMethod


def status_of(recharge: Recharge, plan: ActivePlan | None) -> RechargeStatus:
    """The status that a customer sees: the plan's state after delivery, the payment's state before."""
    if recharge.status == PaymentState.DELIVERED and plan is not None:
        return RechargeStatus(plan.status)
    return RechargeStatus(recharge.status)


def recharge_out(recharge: Recharge, plan: ActivePlan | None) -> RechargeOut:
    """A recharge as its customer sees it."""
    return RechargeOut(**recharge_fields(recharge, plan), status=status_of(recharge, plan))


def recharge_fields(recharge: Recharge, plan: ActivePlan | None) -> dict[str, Any]:
    """A recharge with its plan: all fields of RechargeOut but the status."""
    return {
        "recharge_id": recharge.id,
        "phone_number": recharge.phone_number,
        "plan_id": recharge.plan_id,
        "plan_version": recharge.plan_version,
        "plan_name": recharge.plan_name,
        "operator": recharge.operator,
        "plan_type": recharge.plan_type,
        "category": recharge.category,
        "price": Money(recharge.price),
        "discount": Money(recharge.discount),
        "wallet_amount": Money(recharge.wallet_amount),
        "gateway_amount": Money(recharge.gateway_amount),
        "total_paid": Money(recharge.wallet_amount + recharge.gateway_amount),
        "payment_method": PaymentMethod(recharge.payment_method),
        "source": recharge.source,
        "valid_from": plan.valid_from if plan else None,
        "valid_until": plan.valid_until if plan else None,
        "failure_reason": recharge.failure_reason,
        "created_at": recharge.created_at,
        "completed_at": recharge.completed_at,
    }


def plan_out(plan: ActivePlan, now: datetime) -> BoughtPlanOut:
    """A bought plan as its customer sees it."""
    return BoughtPlanOut(**plan_fields(plan, now))


def plan_fields(plan: ActivePlan, now: datetime) -> dict[str, Any]:
    """A bought plan: the fields of BoughtPlanOut."""
    runs = plan.status == PlanState.ACTIVE and plan.valid_until is not None
    return {
        "recharge_id": plan.recharge_id,
        "phone_number": plan.phone_number,
        "plan_id": plan.plan_id,
        "plan_name": plan.plan_name,
        "operator": plan.operator,
        "plan_type": plan.plan_type,
        "category": plan.category,
        "is_addon": plan.is_addon,
        "status": RechargeStatus.PROCESSING
        if plan.status == PlanState.PENDING
        else RechargeStatus(plan.status),
        "valid_from": plan.valid_from,
        "valid_until": plan.valid_until,
        "days_left": max(0, (plan.valid_until - now).days) if runs and plan.valid_until else None,
        "bought_at": plan.created_at,
    }
