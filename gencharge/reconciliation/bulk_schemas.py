"""Resolutions of many differences on the wire."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from gencharge.core.http.web import Body, Out
from gencharge.core.values.money import Money
from gencharge.core.values.text import some_lines
from gencharge.reconciliation.models import DifferenceResolution, DifferenceStatus


class DifferenceKey(Body):
    """A difference of a run."""

    run_id: UUID
    difference_id: UUID


class ResolveDifferences(Body):
    """Resolve many differences; the note says why."""

    differences: Annotated[list[DifferenceKey], Field(min_length=1, max_length=50, description="Each once.")]
    resolution: DifferenceResolution | None = Field(
        default=None,
        description="One resolution for all of them. Without it each is resolved as its `proposed_resolution` says.",
    )
    note: Annotated[str, *some_lines(500, 3)] = Field(examples=["agreed with the operator on 22 November"])
    is_dry_run: bool = Field(
        default=True, description="True: only say what would be done. Nothing is changed."
    )


class BulkResolutionOutcome(StrEnum):
    """What became of one difference of many, or would."""

    WOULD_BE_DONE = "would_be_done"
    DONE = "done"
    ALREADY_DONE = "already_done"  # it was resolved in this way before
    REFUSED = "refused"


class BulkResolutionOut(Out):
    """One difference of many."""

    run_id: UUID
    difference_id: UUID
    outcome: BulkResolutionOutcome
    resolution: DifferenceResolution | None = Field(description="null if there is no such difference.")
    status: DifferenceStatus | None = Field(description="The status after it. null if it is refused.")
    moved: Money | None = Field(description="The money that moves. null if it is refused.")
    refusal_code: str | None = Field(description="The error's code if it is refused.")
    refusal: str | None = Field(description="Why it is refused.")


class BulkResolutionsOut(Out):
    """What was done, or would be."""

    is_dry_run: bool
    total_moved: Money = Field(description="The money that moves, over all of them.")
    differences: list[BulkResolutionOut]
