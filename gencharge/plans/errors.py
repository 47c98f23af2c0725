"""What can go wrong with plans and their groups."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound


class PlanNotFound(NotFound):
    """Plan not found."""


class PlanAlreadyExists(Conflict):
    """A plan with this operator, type, name and circles already exists."""


class PlanAlreadyPublished(Conflict):
    """Only a draft can be deleted. Set a published plan to inactive instead."""


class PlanStatusNotAllowed(Conflict):
    """A published plan can't go back to draft. Set it to inactive instead."""


class PlanGroupNotFound(NotFound):
    """Plan group not found."""


class PlanGroupAlreadyExists(Conflict):
    """A plan group with this name already exists."""


class PlanGroupInUse(Conflict):
    """This group still has plans. Move them to another group first."""


class PlanFileInvalid(Invalid):
    """The file must be CSV (UTF-8) or XLSX, with column names in the first row."""


class PlanImportInvalid(Invalid):
    """Nothing was imported. Correct the rows listed in `bad_rows` and try again."""
