"""Scheduled reports on the wire."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from gencharge.core.http.web import Out
from gencharge.reports.schemas import MakeReport, ReportFormat
from gencharge.reports.slots import Every


class ScheduleReport(MakeReport):
    """A report that is made each day, week or month. A report of a time is about the day, the seven days or the calendar month before;
    `from`, `to` and `month` are therefore no filters here."""

    filters: dict[str, str] = Field(
        default_factory=dict,
        max_length=20,
        description="As the parameters of `GET /reports/{report}`, but for those of a time.",
        examples=[{"operator": "JIO"}],
    )
    every: Every
    hour: int = Field(ge=0, le=23, description="In India.", examples=[7])
    weekday: int = Field(default=1, ge=1, le=7, description="Of a week: 1 is Monday.")
    month_day: int = Field(default=1, ge=1, le=28, description="Of a month.")
    recipients: list[UUID] = Field(
        default=[],
        max_length=20,
        description="Active admins. Each gets a file of their own, with what they may see when it is made. Empty: you.",
    )


class ReportScheduleOut(Out):
    """A scheduled report."""

    report_schedule_id: UUID
    report: str
    format: ReportFormat
    columns: str | None
    filters: dict[str, str]
    every: Every
    hour: int = Field(description="In India.")
    weekday: int = Field(description="Of a week: 1 is Monday.")
    month_day: int = Field(description="Of a month.")
    recipients: list[UUID] = Field(description="Admins who get a file each.")
    next_at: datetime | None = Field(
        description="Null: it ended, because who made it may have no reports made any more."
    )
    created_at: datetime
