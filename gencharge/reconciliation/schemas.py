"""Runs and differences on the wire. Days are India's; amounts that can be negative are in paise."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from gencharge.core.http.paging import FIRST_DAY, LAST_DAY, Page, PageParams
from gencharge.core.http.web import Body, Out
from gencharge.reconciliation.models import DifferenceStatus, Kind, Resolution, RunStatus, Source

Counterparty = Annotated[str, StringConstraints(pattern=r"^(gateway:[a-z0-9-]{2,40}|[a-z0-9-]{2,40})$")]
_Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]


class RunStart(Body):
    """Match a counterparty's statement of a day now."""

    counterparty: Counterparty = Field(
        description="`gateway:razorpay`, or the code of an operator's channel.", examples=["jio-direct"]
    )
    day: _Day = Field(description="A day in India, not ahead.")


class RunQuery(PageParams):
    """Which runs."""

    counterparty: Counterparty | None = None
    status: RunStatus | None = None
    from_day: _Day | None = None
    to_day: _Day | None = None
    include_superseded: bool = Field(
        default=False, description="Also runs of a day that a later one looked at again."
    )


class DifferenceQuery(PageParams):
    """Which differences of a run."""

    status: DifferenceStatus | None = None
    kind: Kind | None = None


class Resolve(Body):
    """What is done about a difference, and why."""

    resolution: Resolution
    note: Annotated[str, StringConstraints(min_length=3, max_length=500)]


class RunOut(Out):
    """A statement against our books. `difference_paise` is theirs less ours; refunds count as negative."""

    run_id: UUID
    counterparty: str
    day: date
    status: RunStatus
    source: Source
    statement_sha256: str | None
    rows_theirs: int
    rows_ours: int
    matched: int
    theirs_paise: int
    ours_paise: int
    difference_paise: int
    charges_paise: int = Field(
        description="The operator's commission to us, or the gateway's fee, as they say."
    )
    differences: int
    open_differences: int = Field(description="Those that are open or claimed now.")
    error: str
    requested_by: UUID
    started_at: datetime
    finished_at: datetime | None
    superseded_at: datetime | None


class DifferenceOut(Out):
    """One reference on which a statement and our books do not agree. null: that side has nothing."""

    run_id: UUID
    difference_id: UUID
    counterparty: str
    day: date
    kind: Kind
    reference: str
    user_id: UUID | None
    recharge_id: UUID | None
    payment_id: UUID | None
    refund_id: UUID | None
    ours_paise: int | None
    theirs_paise: int | None
    detail: dict[str, Any]
    proposed_resolution: Resolution
    status: DifferenceStatus
    resolution: Resolution | None
    note: str | None
    resolved_by: UUID | None
    resolved_at: datetime | None


class RunPage(Page[RunOut]):
    """A page of runs."""


class DifferencePage(Page[DifferenceOut]):
    """A page of differences."""
