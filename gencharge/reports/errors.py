"""What can go wrong with reports."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound


class ReportTooLarge(Invalid):
    """The report has more rows than this way of asking gives. Ask for fewer, or for a file."""


class ReportFileNotFound(NotFound):
    """Report file not found."""


class ReportFileNotReady(Conflict):
    """The file is not ready."""


class ReportFileAlreadyEnded(Conflict):
    """The report has already ended."""


class ReportLinkNotFound(NotFound):
    """The link is not valid, or has expired. Ask for a new one."""


class ReportFileLimitExceeded(Conflict):
    """Too many of your reports are being made. Wait for one, or cancel one."""


class ReportScheduleNotFound(NotFound):
    """Scheduled report not found."""


class ReportScheduleLimitExceeded(Conflict):
    """You have too many scheduled reports. End one first."""
