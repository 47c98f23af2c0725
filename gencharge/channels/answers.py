"""What an operator can answer, and what that proves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Verdict(StrEnum):
    """What is known after a call. Only DELIVERED, REFUSED and NOT_SENT prove anything."""

    DELIVERED = "delivered"  # the customer has it
    ACCEPTED = "accepted"  # in progress; the outcome comes later
    REFUSED = "refused"  # the operator has not delivered it and never will
    NOT_SENT = "not_sent"  # the request never left us, or was rejected before any work: nothing was started
    NOT_KNOWN = "not_known"  # the operator has never seen the reference; a submission may still be in flight
    UNKNOWN = "unknown"  # no answer, or none that can be read: anything may have happened


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of one call. `reason`: the operator's word for a refusal, or ours for a missing answer."""

    verdict: Verdict
    operator_reference: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """What is sent to an operator. `reference` is ours and new for each attempt; the amount is in paise.

    Either a plan is bought, or a bill is paid, by the operator's own reference of it.
    """

    reference: str
    operator: str
    phone_number: str
    plan_id: str | None
    amount_paise: int
    bill_reference: str | None = None


class BillVerdict(StrEnum):
    """What an operator says about the bill of a number. AWAY: it gave no answer that can be used."""

    DUE = "due"
    PAID = "paid"
    NO_BILL = "no_bill"
    PREPAID = "prepaid"
    UNKNOWN_NUMBER = "unknown_number"  # not this operator's
    AWAY = "away"


class PartPayment(StrEnum):
    """How much of a bill may be paid at once."""

    EXACT = "exact"  # all of it
    MINIMUM = "minimum"  # the minimum or more
    ANY = "any"


@dataclass(frozen=True, slots=True)
class OperatorBill:
    """A bill as its operator has it. Amounts in paise: what is left to pay, and the least that is taken. Days in India."""

    bill_reference: str
    customer_name: str
    amount: int
    minimum: int
    part_payment: PartPayment
    due_on: date
    period_from: date | None
    period_to: date | None


@dataclass(frozen=True, slots=True)
class BillAnswer:
    """The outcome of one question. `bill` if it is due. `reason`: why the operator counts as away."""

    verdict: BillVerdict
    bill: OperatorBill | None = None
    reason: str = ""
