"""A timeline out of what is known of a recharge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gencharge.channels.models import OperatorAttempt
from gencharge.complaints.models import Complaint, ComplaintReason, ComplaintStatus
from gencharge.core.values.money import Money
from gencharge.payments.models import Payment
from gencharge.recharge.events import QUEUED_PLAN_CANCELLED
from gencharge.recharge.models import ActivePlan, PaymentState, Recharge, RechargeRefund
from gencharge.stories.schemas import Step, TimelineStep, WaitsFor


class Reader(StrEnum):
    """Who reads a timeline. It speaks to the customer, and to the staff about the customer."""

    CUSTOMER = "customer"
    STAFF = "staff"


_ENDS = frozenset({PaymentState.DELIVERED, PaymentState.REFUNDED})


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rooms know of a recharge. `payment` is the gateway's part, if there is one."""

    recharge: Recharge
    payment: Payment | None
    attempts: Sequence[OperatorAttempt]
    refunds: Sequence[RechargeRefund]
    plan: ActivePlan | None = None
    complaints: Sequence[Complaint] = ()


_WHO: Final = {Reader.CUSTOMER: "You", Reader.STAFF: "The customer"}
_COMPLAINTS: Final = {
    ComplaintReason.NOT_DELIVERED: "it was paid for, and the plan does not run",
    ComplaintReason.CHARGED_TWICE: "it was charged twice",
    ComplaintReason.WRONG_AMOUNT: "the amount is wrong",
    ComplaintReason.REFUND_MISSING: "the money is not back",
    ComplaintReason.WRONG_PLAN: "it is the wrong plan",
    ComplaintReason.BENEFITS_MISSING: "benefits are missing",
}


def steps_of(facts: Facts, reader: Reader = Reader.CUSTOMER) -> list[TimelineStep]:
    """What happened, the oldest first. Steps of one instant stay in their natural order."""
    return sorted(_steps(facts, reader), key=lambda step: step.at)


def waits_for(recharge: Recharge) -> WaitsFor | None:
    """Whom the recharge waits for; None if it has ended."""
    if recharge.status == PaymentState.PAYMENT_PENDING:
        return WaitsFor.PAYMENT
    if recharge.status in {PaymentState.PROCESSING, PaymentState.UNKNOWN}:
        return WaitsFor.OPERATOR
    return None


def _steps(facts: Facts, reader: Reader) -> Iterator[TimelineStep]:
    recharge, operator = facts.recharge, facts.recharge.operator
    who = _WHO[reader]
    ordered = f"{who} ordered {recharge.plan_name}."
    yield TimelineStep(step=Step.ORDERED, at=recharge.created_at, text=ordered)
    if facts.payment is not None and facts.payment.captured_at is not None:
        text = f"We received Rs {Money(facts.payment.amount)}."
        yield TimelineStep(step=Step.PAID, at=facts.payment.captured_at, text=text)
    for attempt in facts.attempts:
        again = " again" if attempt.attempt > 1 else ""
        text = f"We sent it to {operator}{again}."
        yield TimelineStep(step=Step.SENT, at=attempt.started_at, text=text)
    if recharge.completed_at is not None:
        yield _end(recharge, reader)
    plan = facts.plan
    # A plan that did not wait starts with the delivery, which says so already.
    if plan is not None and plan.valid_from is not None and plan.valid_from != recharge.completed_at:
        text = f"{plan.plan_name} started, after it had waited for its turn."
        yield TimelineStep(step=Step.STARTED, at=plan.valid_from, text=text)
    for refund in facts.refunds:
        yield _refund(refund, reader)
    for complaint in facts.complaints:
        yield from _complaint(complaint, reader)


def _end(recharge: Recharge, reader: Reader) -> TimelineStep:
    assert recharge.completed_at is not None
    if recharge.status in _ENDS:
        text = f"{recharge.operator} delivered it."
        return TimelineStep(step=Step.DELIVERED, at=recharge.completed_at, text=text)
    # A recharge fails only if it is proven that the operator did not deliver it, or that nobody paid (decision 0009).
    if reader is Reader.STAFF:
        text = "It could not be done. What the customer had paid is in the wallet."
    else:
        text = "It could not be done. What you had paid is in your wallet."
    return TimelineStep(step=Step.FAILED, at=recharge.completed_at, text=text)


def _refund(refund: RechargeRefund, reader: Reader) -> TimelineStep:
    wallet = "your wallet" if reader is Reader.CUSTOMER else "the customer's wallet"
    paid = f"Rs {Money(refund.amount)}"
    if refund.reason == QUEUED_PLAN_CANCELLED:
        who = _WHO[reader] if refund.requested_by == refund.user_id else "We"
        text = f"{who} cancelled it before it started. {paid} went into {wallet}."
        return TimelineStep(step=Step.CANCELLED, at=refund.created_at, text=text)
    source = "your" if reader is Reader.CUSTOMER else "the"
    to = f"into {wallet}" if refund.destination == "wallet" else f"to where {source} payment came from"
    return TimelineStep(step=Step.REFUNDED, at=refund.created_at, text=f"We refunded {paid} {to}.")


def _complaint(complaint: Complaint, reader: Reader) -> Iterator[TimelineStep]:
    text = f"{_WHO[reader]} complained: {_COMPLAINTS[ComplaintReason(complaint.reason)]}."
    yield TimelineStep(step=Step.COMPLAINED, at=complaint.created_at, text=text)
    if complaint.resolved_at is not None:
        outcome = "upheld" if complaint.status == ComplaintStatus.UPHELD else "rejected"
        text = f"We {outcome} the complaint. {complaint.resolution_note}"
        yield TimelineStep(step=Step.COMPLAINT_SETTLED, at=complaint.resolved_at, text=text)
