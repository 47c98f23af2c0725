"""What can go wrong with a request for approval."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Forbidden, NotFound


class ApprovalNotFound(NotFound):
    """Request for approval not found."""


class ApprovalAlreadyPending(Conflict):
    """Another request for the same is waiting for a second admin. Decide on that one first."""


class ApprovalAlreadyDecided(Conflict):
    """This request has already been decided."""


class ApprovalAlreadyExpired(Conflict):
    """This request expired before it was decided. Make a new one."""


class ApprovalSecondAdminRequired(Forbidden):
    """Another admin must decide on your request. You can only cancel it."""


class ApprovalRequesterOnly(Forbidden):
    """Only the admin who made this request can cancel it. You can reject it instead."""
