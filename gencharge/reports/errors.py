"""What can go wrong with reports."""

from __future__ import annotations

from gencharge.core.errors import Invalid


class ReportTooLarge(Invalid):
    """The report has more rows than this way of asking gives. Ask for fewer, or for a file."""
