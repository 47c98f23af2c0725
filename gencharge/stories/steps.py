"""A timeline out of what is known of a recharge, in the language of who reads it.

What the staff wrote about a complaint stands there as they wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gencharge.channels.models import OperatorAttempt
from gencharge.complaints.models import Complaint, ComplaintReason, ComplaintStatus
from gencharge.core.values.language import Language
from gencharge.core.values.money import Money
from gencharge.core.wording import Worded, in_language, worded
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


@dataclass(frozen=True, slots=True)
class _Happened:
    """A step before it is put into a language. `at` in UTC."""

    step: Step
    at: datetime
    text: Worded


_COMPLAINTS: Final = {
    ComplaintReason.NOT_DELIVERED: worded("it was paid for, and the plan does not run"),
    ComplaintReason.CHARGED_TWICE: worded("it was charged twice"),
    ComplaintReason.WRONG_AMOUNT: worded("the amount is wrong"),
    ComplaintReason.REFUND_MISSING: worded("the money is not back"),
    ComplaintReason.WRONG_PLAN: worded("it is the wrong plan"),
    ComplaintReason.BENEFITS_MISSING: worded("benefits are missing"),
}


def steps_of(
    facts: Facts, reader: Reader = Reader.CUSTOMER, language: Language = Language.ENGLISH
) -> list[TimelineStep]:
    """What happened, the oldest first. Steps of one instant stay in their natural order."""
    ordered = sorted(_steps(facts, reader), key=lambda each: each.at)
    return [
        TimelineStep(step=each.step, at=each.at, text=in_language(each.text, language.value))
        for each in ordered
    ]


def waits_for(recharge: Recharge) -> WaitsFor | None:
    """Whom the recharge waits for; None if it has ended."""
    if recharge.status == PaymentState.PAYMENT_PENDING:
        return WaitsFor.PAYMENT
    if recharge.status in {PaymentState.PROCESSING, PaymentState.UNKNOWN}:
        return WaitsFor.OPERATOR
    return None


def _steps(facts: Facts, reader: Reader) -> Iterator[_Happened]:
    recharge, operator = facts.recharge, facts.recharge.operator
    ordered = (
        worded("You ordered {plan}.", plan=recharge.plan_name)
        if reader is Reader.CUSTOMER
        else worded("The customer ordered {plan}.", plan=recharge.plan_name)
    )
    yield _Happened(Step.ORDERED, recharge.created_at, ordered)
    if facts.payment is not None and facts.payment.captured_at is not None:
        text = worded("We received Rs {amount}.", amount=Money(facts.payment.amount))
        yield _Happened(Step.PAID, facts.payment.captured_at, text)
    for attempt in facts.attempts:
        text = (
            worded("We sent it to {operator} again.", operator=operator)
            if attempt.attempt > 1
            else worded("We sent it to {operator}.", operator=operator)
        )
        yield _Happened(Step.SENT, attempt.started_at, text)
    if recharge.completed_at is not None:
        yield _end(recharge, reader)
    plan = facts.plan
    # A plan that did not wait starts with the delivery, which says so already.
    if plan is not None and plan.valid_from is not None and plan.valid_from != recharge.completed_at:
        text = worded("{plan} started, after it had waited for its turn.", plan=plan.plan_name)
        yield _Happened(Step.STARTED, plan.valid_from, text)
    for refund in facts.refunds:
        yield _refund(refund, reader)
    for complaint in facts.complaints:
        yield from _complaint(complaint, reader)


def _end(recharge: Recharge, reader: Reader) -> _Happened:
    assert recharge.completed_at is not None
    if recharge.status in _ENDS:
        text = worded("{operator} delivered it.", operator=recharge.operator)
        return _Happened(Step.DELIVERED, recharge.completed_at, text)
    # A recharge fails only if it is proven that the operator did not deliver it, or that nobody paid (decision 0009).
    if reader is Reader.STAFF:
        text = worded("It could not be done. What the customer had paid is in the wallet.")
    else:
        text = worded("It could not be done. What you had paid is in your wallet.")
    return _Happened(Step.FAILED, recharge.completed_at, text)


def _refund(refund: RechargeRefund, reader: Reader) -> _Happened:
    amount, is_customer = Money(refund.amount), reader is Reader.CUSTOMER
    if refund.reason == QUEUED_PLAN_CANCELLED:
        text = _cancelled(amount, is_customer=is_customer, by_us=refund.requested_by != refund.user_id)
        return _Happened(Step.CANCELLED, refund.created_at, text)
    if refund.destination == "wallet":
        text = (
            worded("We refunded Rs {amount} into your wallet.", amount=amount)
            if is_customer
            else worded("We refunded Rs {amount} into the customer's wallet.", amount=amount)
        )
    else:
        text = (
            worded("We refunded Rs {amount} to where your payment came from.", amount=amount)
            if is_customer
            else worded("We refunded Rs {amount} to where the payment came from.", amount=amount)
        )
    return _Happened(Step.REFUNDED, refund.created_at, text)


def _cancelled(amount: Money, *, is_customer: bool, by_us: bool) -> Worded:
    if is_customer and by_us:
        return worded("We cancelled it before it started. Rs {amount} went into your wallet.", amount=amount)
    if is_customer:
        return worded("You cancelled it before it started. Rs {amount} went into your wallet.", amount=amount)
    if by_us:
        return worded(
            "We cancelled it before it started. Rs {amount} went into the customer's wallet.", amount=amount
        )
    return worded(
        "The customer cancelled it before it started. Rs {amount} went into the customer's wallet.",
        amount=amount,
    )


def _complaint(complaint: Complaint, reader: Reader) -> Iterator[_Happened]:
    reason = _COMPLAINTS[ComplaintReason(complaint.reason)]
    text = (
        worded("You complained: {reason}.", reason=reason)
        if reader is Reader.CUSTOMER
        else worded("The customer complained: {reason}.", reason=reason)
    )
    yield _Happened(Step.COMPLAINED, complaint.created_at, text)
    if complaint.resolved_at is not None:
        note = complaint.resolution_note
        text = (
            worded("We upheld the complaint. {note}", note=note)
            if complaint.status == ComplaintStatus.UPHELD
            else worded("We rejected the complaint. {note}", note=note)
        )
        yield _Happened(Step.COMPLAINT_SETTLED, complaint.resolved_at, text)
