"""A timeline out of what is known of a recharge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gencharge.channels.models import OperatorAttempt
from gencharge.core.values.money import Money
from gencharge.payments.models import Payment
from gencharge.recharge.events import QUEUED_PLAN_CANCELLED
from gencharge.recharge.models import ActivePlan, PaymentState, Recharge, RechargeRefund
from gencharge.stories.schemas import Step, TimelineStep, WaitsFor

_ENDS = frozenset({PaymentState.DELIVERED, PaymentState.REFUNDED})


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rooms know of a recharge. `payment` is the gateway's part, if there is one."""

    recharge: Recharge
    payment: Payment | None
    attempts: Sequence[OperatorAttempt]
    refunds: Sequence[RechargeRefund]
    plan: ActivePlan | None = None


def steps_of(facts: Facts) -> list[TimelineStep]:
    """What happened, the oldest first. Steps of one instant stay in their natural order."""
    return sorted(_steps(facts), key=lambda step: step.at)


def waits_for(recharge: Recharge) -> WaitsFor | None:
    """Whom the recharge waits for; None if it has ended."""
    if recharge.status == PaymentState.PAYMENT_PENDING:
        return WaitsFor.PAYMENT
    if recharge.status in {PaymentState.PROCESSING, PaymentState.UNKNOWN}:
        return WaitsFor.OPERATOR
    return None


def _steps(facts: Facts) -> Iterator[TimelineStep]:
    recharge, operator = facts.recharge, facts.recharge.operator
    ordered = f"You ordered {recharge.plan_name}."
    yield TimelineStep(step=Step.ORDERED, at=recharge.created_at, text=ordered)
    if facts.payment is not None and facts.payment.captured_at is not None:
        text = f"We received Rs {Money(facts.payment.amount)}."
        yield TimelineStep(step=Step.PAID, at=facts.payment.captured_at, text=text)
    for attempt in facts.attempts:
        again = " again" if attempt.attempt > 1 else ""
        text = f"We sent it to {operator}{again}."
        yield TimelineStep(step=Step.SENT, at=attempt.started_at, text=text)
    if recharge.completed_at is not None:
        yield _end(recharge)
    plan = facts.plan
    # A plan that did not wait starts with the delivery, which says so already.
    if plan is not None and plan.valid_from is not None and plan.valid_from != recharge.completed_at:
        text = f"{plan.plan_name} started, after it had waited for its turn."
        yield TimelineStep(step=Step.STARTED, at=plan.valid_from, text=text)
    for refund in facts.refunds:
        if refund.reason == QUEUED_PLAN_CANCELLED:
            text = f"You cancelled it before it started. Rs {Money(refund.amount)} went into your wallet."
            yield TimelineStep(step=Step.CANCELLED, at=refund.created_at, text=text)
            continue
        to = "into your wallet" if refund.destination == "wallet" else "to where your payment came from"
        text = f"We refunded Rs {Money(refund.amount)} {to}."
        yield TimelineStep(step=Step.REFUNDED, at=refund.created_at, text=text)


def _end(recharge: Recharge) -> TimelineStep:
    assert recharge.completed_at is not None
    if recharge.status in _ENDS:
        text = f"{recharge.operator} delivered it."
        return TimelineStep(step=Step.DELIVERED, at=recharge.completed_at, text=text)
    # A recharge fails only if it is proven that the operator did not deliver it, or that nobody paid (decision 0009).
    text = "It could not be done. What you had paid is in your wallet."
    return TimelineStep(step=Step.FAILED, at=recharge.completed_at, text=text)
