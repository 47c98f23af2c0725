"""Requests for a higher KYC tier on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from gencharge.core.http.paging import Page, PageParams
from gencharge.core.http.web import Body, Out
from gencharge.users.kyc_models import KycDocument, KycRequestStatus
from gencharge.users.models import KycTier


class RequestKyc(Body):
    """Ask for the full tier."""

    document: KycDocument = Field(
        description="What I can show. Send neither its number nor a picture: the staff ask for what they need.",
        examples=["passport"],
    )


class KycRequestOut(Out):
    """A request of mine."""

    located_at: ClassVar[str] = "/v1/users/me/kyc-requests/{kyc_request_id}"

    kyc_request_id: UUID
    tier: KycTier
    document: KycDocument
    status: KycRequestStatus
    created_at: datetime
    decided_at: datetime | None
    rejection_reason: str | None = Field(description="Why it was rejected.")


class KycRequestQuery(PageParams):
    """Which of all requests."""

    status: KycRequestStatus = Field(
        default=KycRequestStatus.PENDING, description="Where the request stands."
    )


class StaffKycRequestOut(Out):
    """A customer's request as the staff see it."""

    user_id: UUID
    kyc_request_id: UUID
    tier: KycTier
    document: KycDocument
    status: KycRequestStatus
    created_at: datetime
    decided_at: datetime | None
    decided_by: UUID | None
    decision_note: str | None


class ApproveKyc(Body):
    """Approve a request."""

    evidence: str = Field(
        min_length=3,
        max_length=300,
        description="What was seen, and where it is kept. No document's number.",
        examples=["passport seen in a video call on 23 November, case K-1042"],
    )


class RejectKyc(Body):
    """Reject a request. The customer reads the reason."""

    reason: str = Field(min_length=3, max_length=300, examples=["the passport has expired"])


KycRequestPage = Page[KycRequestOut]
StaffKycRequestPage = Page[StaffKycRequestOut]
