"""What can go wrong with reports."""

from __future__ import annotations

from gencharge.core.errors import Invalid, NotFound


class ReportNotFound(NotFound):
    """There is no such report, or your role does not allow it."""


class ReportTooLarge(Invalid):
    """The report has more rows than this way of asking gives. Ask for fewer, or for a file."""
