"""What can go wrong with the audit trail."""

from __future__ import annotations

from gencharge.core.errors import NotFound


class AuditEntryNotFound(NotFound):
    """Audit entry not found."""
