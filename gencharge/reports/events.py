"""What reports announce: data left the house, and who took it is in the audit trail."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportMade(Event):
    """Somebody took a report. `filters` are those that were given, `rows` how many there were."""

    report_id: str
    report: str
    file_format: str
    rows: int
    columns: list[str]
    filters: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequested(Event):
    """An admin asked for a report as a file."""

    report_file_id: str
    report: str
    file_format: str
    filters: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCancelled(Event):
    """An admin wants a report no more."""

    report_file_id: str
    report: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLinkMade(Event):
    """An admin took the link to a report's file, which works without signing in until it expires."""

    report_file_id: str
    report: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportScheduled(Event):
    """An admin wants a report each day, week or month (`every`), for these admins."""

    report_schedule_id: str
    report: str
    every: str
    recipients: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportUnscheduled(Event):
    """An admin ended a scheduled report."""

    report_schedule_id: str
    report: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledReportReady(Event):
    """A file of a scheduled report is ready for the admin."""

    report_file_id: str
    admin_id: str
    report: str
    rows: int
