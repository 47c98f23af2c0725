"""What happens to enquiries. What was written is in the enquiry alone."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquirySent(Event):
    """A customer or a visitor asked something. `user_id`: the customer, or the system for a visitor, here and below."""

    enquiry_id: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryContinued(Event):
    """A customer wrote again; `reopened` if the enquiry was resolved."""

    enquiry_id: str
    reopened: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryAnswered(Event):
    """An admin wrote to the sender."""

    enquiry_id: str
    entry_id: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryResolved(Event):
    """An admin wrote to the sender how the enquiry ended."""

    enquiry_id: str
    entry_id: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryReopened(Event):
    """An admin opened an enquiry again."""

    enquiry_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryNoted(Event):
    """An admin wrote a note for the staff."""

    enquiry_id: str
    entry_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryChanged(Event):
    """An admin changed what an enquiry is about, or who works on it."""

    enquiry_id: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryDeleted(Event):
    """An admin deleted an enquiry for good."""

    enquiry_id: str
    reason: str
