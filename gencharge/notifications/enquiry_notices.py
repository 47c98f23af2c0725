"""Notices about a customer's enquiries and complaints. What was written stays in the enquiry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gencharge.complaints.events import ComplaintResolved
from gencharge.contact.events import EnquiryAnswered, EnquiryResolved
from gencharge.core.events.events import Event
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.notifications.kinds import NO_SMS, Draft, Kind, choice, label, phone
from gencharge.notifications.models import owner_of

ANSWERED: Final = Kind("enquiry_answered", NO_SMS)
RESOLVED: Final = Kind("enquiry_resolved", NO_SMS)
COMPLAINT_RESOLVED: Final = Kind(
    "complaint_resolved",
    NO_SMS,
    {
        "plan": label("Jio 299", required=True),
        "number": phone(required=True),
        "outcome": choice("upheld", "rejected"),
        "note": label("The plan runs now.", required=True),
    },
)


def answered(event: EnquiryAnswered) -> Draft | None:
    """To the customer: there is an answer. A visitor has no inbox, and gets an e-mail of the room `contact`."""
    return _draft(event, ANSWERED)


def resolved(event: EnquiryResolved) -> Draft | None:
    """To the customer: it is done."""
    return _draft(event, RESOLVED)


def complaint_resolved(event: ComplaintResolved) -> Draft:
    """To the customer: their complaint about a recharge was settled, and how."""
    return Draft(
        owner_of(event),
        COMPLAINT_RESOLVED,
        {
            "plan": event.plan_name,
            "number": event.phone_number,
            "outcome": event.status,
            "note": event.reason,
        },
        {"complaint_id": event.complaint_id, "recharge_id": event.recharge_id},
    )


def _draft(event: EnquiryAnswered | EnquiryResolved, kind: Kind) -> Draft | None:
    if event.user_id == str(SYSTEM_USER_ID):
        return None
    return Draft(owner_of(event), kind, {}, {"enquiry_id": event.enquiry_id, "category": event.category})


KINDS: Final = (ANSWERED, RESOLVED, COMPLAINT_RESOLVED)
NOTICES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    EnquiryAnswered: answered,
    EnquiryResolved: resolved,
    ComplaintResolved: complaint_resolved,
}
