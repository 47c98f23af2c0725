"""Runs and differences on the wire, for the staff. Days of India; a gateway's refunds are negative amounts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from gencharge.core.http.paging import Page, PageParams
from gencharge.core.http.web import Body, Out
from gencharge.core.values import facts
from gencharge.core.values.codes import Choice
from gencharge.core.values.instants import Day
from gencharge.core.values.money import SignedMoney
from gencharge.core.values.text import some_lines
from gencharge.reconciliation.models import (
    DifferenceKind,
    DifferenceResolution,
    DifferenceStatus,
    ReconciliationDifference,
    ReconciliationRun,
    ReconciliationRunStatus,
    StatementSource,
)

Counterparty = Annotated[str, StringConstraints(pattern=r"^(gateway:[a-z0-9-]{2,40}|[a-z0-9-]{2,40})$")]


class StartReconciliation(Body):
    """Start a run: match a counterparty's statement of a day."""

    counterparty: Counterparty = Field(
        description="`gateway:razorpay`, or the code of an operator's channel.", examples=["jio-direct"]
    )
    day: Day = Field(description="A day in India, up to today.")


class RunQuery(PageParams):
    """The filters of the list of runs."""

    counterparty: Annotated[Counterparty, Choice("counterparty")] | None = None
    status: ReconciliationRunStatus | None = None
    first_day: Day | None = Field(default=None, alias="from", description="This day or later.")
    last_day: Day | None = Field(default=None, alias="to", description="This day or earlier.")
    include_superseded: bool = Field(
        default=False, description="Include runs that a later run of the same day replaced."
    )


class DifferenceQuery(PageParams):
    """The filters of the list of differences."""

    status: DifferenceStatus | None = None
    kind: DifferenceKind | None = None


class ResolveDifference(Body):
    """Resolve a difference; the note says why."""

    resolution: DifferenceResolution
    note: Annotated[str, *some_lines(500, 3)]


class ReconciliationRunOut(Out):
    """A run. `difference_amount` is theirs less ours; refunds are negative amounts."""

    run_id: UUID
    counterparty: str
    day: date
    status: ReconciliationRunStatus
    source: StatementSource
    statement_sha256: str | None
    rows_theirs: int
    rows_ours: int
    matched: int
    their_amount: SignedMoney
    our_amount: SignedMoney
    difference_amount: SignedMoney
    charges_amount: SignedMoney = Field(
        description="The operator's commission to us, or the gateway's fee, according to the statement."
    )
    differences: int
    open_differences: int = Field(description="How many are open or claimed now.")
    error: str
    requested_by: UUID
    started_at: datetime
    finished_at: datetime | None
    superseded_at: datetime | None


class DifferenceOut(Out):
    """One reference on which a statement and our books disagree. An amount is null if that side has none."""

    run_id: UUID
    difference_id: UUID
    counterparty: str
    day: date
    kind: DifferenceKind
    reference: str
    user_id: UUID | None
    recharge_id: UUID | None
    payment_id: UUID | None
    refund_id: UUID | None
    our_amount: SignedMoney | None
    their_amount: SignedMoney | None
    detail: dict[str, object]
    proposed_resolution: DifferenceResolution
    status: DifferenceStatus
    resolution: DifferenceResolution | None
    note: str | None
    resolved_by: UUID | None
    resolved_at: datetime | None


def run_out(run: ReconciliationRun, open_differences: int) -> ReconciliationRunOut:
    """A run as the API shows it. `open_differences`: how many are open or claimed now."""
    values = {name: getattr(run, name) for name in ReconciliationRunOut.model_fields if hasattr(run, name)}
    return ReconciliationRunOut(
        **values,
        their_amount=SignedMoney(run.theirs_paise),
        our_amount=SignedMoney(run.ours_paise),
        difference_amount=SignedMoney(run.difference_paise),
        charges_amount=SignedMoney(run.charges_paise),
        open_differences=open_differences,
    )


def difference_out(difference: ReconciliationDifference) -> DifferenceOut:
    """A difference as the API shows it."""
    values = {
        name: getattr(difference, name) for name in DifferenceOut.model_fields if hasattr(difference, name)
    }
    values["detail"] = facts.shown(difference.detail)
    return DifferenceOut(
        **values, our_amount=_amount(difference.ours_paise), their_amount=_amount(difference.theirs_paise)
    )


def _amount(paise: int | None) -> SignedMoney | None:
    return None if paise is None else SignedMoney(paise)


class ReconciliationRunPage(Page[ReconciliationRunOut]):
    """A page of runs."""


class DifferencePage(Page[DifferenceOut]):
    """A page of differences."""
