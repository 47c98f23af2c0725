"""What can go wrong in the work queue."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound, field_problem


class WorkItemNotFound(NotFound):
    """Nothing of this kind waits under this id."""


class WorkNotRepeatable(Conflict):
    """Only parked deliveries and parked events of the gateway can be tried again."""


class WorkNotClosable(Conflict):
    """This is closed where it is settled: follow its path."""


class WorkAssigneeInvalid(Invalid):
    """This admin's role does not allow to work on it."""

    def __init__(self) -> None:
        super().__init__(errors=[field_problem("body.assignee_id", self.title(), "work_assignee_invalid")])
