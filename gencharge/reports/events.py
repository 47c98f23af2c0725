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
