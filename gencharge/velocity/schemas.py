"""What was held back, as it goes into the export of a customer's data."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from gencharge.core.http.web import Out
from gencharge.core.values.money import Money
from gencharge.velocity.models import HeldBackKind, VelocityRule


class HeldBackOut(Out):
    """What a velocity rule refused, in one hour."""

    held_back_id: UUID
    rule: VelocityRule
    kind: HeldBackKind
    amount: Money = Field(description="What the last attempt would have moved.")
    phone_number: str | None = Field(description="The number of the last attempt; null for a top-up.")
    session_id: UUID | None = Field(description="The sign-in of the last attempt.")
    address: str = Field(description="Where the last attempt came from.")
    attempts: int = Field(description="How often it was tried in this hour.")
    first_at: datetime
    last_at: datetime
