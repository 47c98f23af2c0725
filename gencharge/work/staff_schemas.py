"""The work queue on the wire."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from gencharge.core.http.paging import Page, PageParams
from gencharge.core.http.web import Body, Out
from gencharge.work.models import WorkKind


class WorkOwner(StrEnum):
    """Whose work."""

    OWN = "me"
    NOBODY = "nobody"


class WorkQuery(PageParams):
    """Which work."""

    kind: WorkKind | None = Field(default=None, description="Only this kind.")
    owner: WorkOwner | None = Field(
        default=None, description="`me`: what I work on. `nobody`: what nobody took."
    )


class WorkItemOut(Out):
    """Something that waits for a person."""

    kind: WorkKind
    item: str = Field(description="Its name, unique within its kind.")
    title: str
    operator: str | None
    waiting_since: datetime
    age_seconds: int
    assignee_id: UUID | None = Field(description="Who works on it.")
    path: str = Field(description="Where it is read and settled.", examples=["/v1/approvals"])
    can_rerun: bool = Field(description="`POST /v1/work/reruns` tries it again.")
    can_close: bool = Field(description="`POST /v1/work/closings` takes it off the list.")


class WorkFigures(Out):
    """How much of a kind waits, and since when."""

    kind: WorkKind
    count: int = Field(description="Up to 500.")
    unassigned: int
    oldest_at: datetime | None


class WorkSummary(Out):
    """What waits, by kind: those that the role may see."""

    kinds: list[WorkFigures]


class WorkItem(Body):
    """Which item."""

    kind: WorkKind
    item: str = Field(min_length=1, max_length=300)


class AssignWork(WorkItem):
    """Who is to work on an item."""

    assignee_id: UUID | None = Field(description="null: nobody any more.")


class SettleWork(WorkItem):
    """Try an item again, or close it."""

    reason: str = Field(min_length=3, max_length=300, examples=["the listener was repaired"])


WorkPage = Page[WorkItemOut]
