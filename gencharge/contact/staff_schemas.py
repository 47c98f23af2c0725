"""Enquiries on the wire, as the staff see them and answer them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from gencharge.contact.models import EnquiryCategory, EnquiryStatus, EntryKind
from gencharge.contact.schemas import MessageText
from gencharge.core.http.changes import Changes, left_out
from gencharge.core.http.history import Period
from gencharge.core.http.paging import Page, PageParams
from gencharge.core.http.web import Body, Out, Versioned
from gencharge.core.values.text import one_line
from gencharge.users.models import UserBrief


class EnquiryFilters(Period):
    """Filters of enquiries. `from` and `to` are when they were sent."""

    category: EnquiryCategory | None = None


class StaffEnquiryQuery(PageParams, EnquiryFilters):
    """Which enquiries. The texts are encrypted, so that there is no search in them."""

    status: EnquiryStatus | None = Field(default=None, description="Empty: all but spam.")
    assignee_id: UUID | None = Field(default=None, description="Who works on it.")
    unassigned: bool | None = Field(default=None, description="`true`: nobody works on it.")
    user_id: UUID | None = Field(default=None, description="Who sent it.")
    recharge_id: UUID | None = None
    complaint_reference: str | None = Field(default=None, max_length=60)
    min_age_hours: int | None = Field(default=None, ge=0, le=87_600, description="Sent at least so long ago.")
    sort: Literal["created_at", "-created_at"] = "-created_at"


class EnquiryFiguresQuery(EnquiryFilters):
    """Which enquiries to count: the newest 100,000 of the period."""

    model_config = ConfigDict(extra="forbid")


class EnquiryUpdate(Changes):
    """What an enquiry is about."""

    category: EnquiryCategory = Field(default_factory=left_out)
    complaint_reference: Annotated[str, *one_line(60, 0)] = Field(
        default_factory=left_out,
        description="The docket number of a complaint at the operator or the regulator; empty: none.",
        examples=["CMS-2026-118204"],
    )


class AssignEnquiry(Body):
    """Who works on an enquiry."""

    assignee_id: UUID | None = Field(description="An admin; null: nobody.")


class StaffText(Body):
    """What an admin writes about an enquiry."""

    text: MessageText = Field(examples=["The operator has confirmed the recharge."])


class SenderOut(Out):
    """What the sender said about themselves; empty if they are a customer."""

    name: str
    email: str
    phone_number: str


class StaffEnquiryOut(Versioned):
    """An enquiry, as the staff see it."""

    enquiry_id: UUID
    category: EnquiryCategory
    status: EnquiryStatus
    user_id: UUID | None = Field(description="The customer; null: a visitor.")
    user: UserBrief | None
    sender: SenderOut
    recharge_id: UUID | None
    operator: str = Field(description="Of the recharge; empty without one.")
    complaint_reference: str
    assignee_id: UUID | None
    language: str = Field(description="The language to answer in.")
    excerpt: str = Field(description="How the first message begins.")
    created_at: datetime
    updated_at: datetime
    first_answer_at: datetime | None
    resolved_at: datetime | None


class EntryOut(Out):
    """A part of a thread. A `note` is for the staff alone."""

    entry_id: UUID
    kind: EntryKind
    author_id: UUID | None = Field(description="The customer or the admin; null: a visitor.")
    text: str = Field(description="Plain text: show it as it is, never as HTML.")
    created_at: datetime


class StaffEnquiryDetail(StaffEnquiryOut):
    """An enquiry with its thread and the notes."""

    entries: list[EntryOut]


class EnquiryCounts(Out):
    """How many there are of each status, under the other filters of the list."""

    open: int = 0
    answered: int = 0
    resolved: int = 0
    spam: int = 0


class StaffEnquiryPage(Page[StaffEnquiryOut]):
    """A page of enquiries."""

    counts: EnquiryCounts | None = Field(description="Only with `include_total=true`.")


class DurationFigures(Out):
    """How long it took, in seconds: half took at most `p50`, 90 % at most `p90`. Null: none was counted."""

    count: int
    p50: int | None
    p90: int | None
    p99: int | None


class CategoryFigures(Out):
    """Enquiries of a category. Spam is not counted."""

    category: EnquiryCategory
    received: int
    open: int
    answered: int
    resolved: int
    first_answer_seconds: DurationFigures
    resolution_seconds: DurationFigures


class EnquiryFigures(Out):
    """How many enquiries came, and how long they took."""

    categories: list[CategoryFigures] = Field(description="Categories with enquiries in the period.")
    first_answer_seconds: DurationFigures = Field(description="Over all categories.")
    resolution_seconds: DurationFigures
