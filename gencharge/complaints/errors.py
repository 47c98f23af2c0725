"""What can go wrong with a complaint."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound, field_problem


class ComplaintNotFound(NotFound):
    """Complaint not found."""


class ComplaintAlreadyOpen(Conflict):
    """You have complained about this recharge already. We are looking into it."""


class ComplaintAlreadyResolved(Conflict):
    """This complaint was settled already."""


class ComplaintAssigneeInvalid(Invalid):
    """This admin's role does not allow to settle complaints."""

    def __init__(self) -> None:
        super().__init__(
            errors=[field_problem("body.assignee_id", self.title(), "complaint_assignee_invalid")]
        )
