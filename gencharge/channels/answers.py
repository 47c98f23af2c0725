"""What an operator can answer, and what that proves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What is known after a call. Only DELIVERED, REFUSED and NOT_SENT prove anything."""

    DELIVERED = "delivered"  # the customer has it
    ACCEPTED = "accepted"  # it is being worked on; how it ends will be said
    REFUSED = "refused"  # the operator says that it did not and will not deliver it
    NOT_SENT = "not_sent"  # the request never left us, or was turned away at the door: nothing was begun
    NOT_KNOWN = (
        "not_known"  # the operator has never seen the reference; a submission may still be on its way there
    )
    UNKNOWN = "unknown"  # no answer, or none that can be read: anything may have happened


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of one call. `reason` is the operator's word for a refusal, or ours for a missing answer."""

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
