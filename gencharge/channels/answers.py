"""What an operator can answer, and what that proves."""

from __future__ import annotations

from dataclasses import dataclass
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
    """What is sent to an operator. `reference` is ours and new for each attempt; the amount is in paise."""

    reference: str
    operator: str
    phone_number: str
    plan_id: str
    amount_paise: int
