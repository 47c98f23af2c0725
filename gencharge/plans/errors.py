"""What can go wrong with plans and their groups."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound


class PlanNotFound(NotFound):
    """There is no such plan."""


class PlanChangedMeanwhile(Conflict):
    """Somebody else changed this plan meanwhile; look at it again before you change it."""


class PlanExists(Conflict):
    """A plan of this operator, type, name and circles is in the catalogue already."""


class PlanWasPublished(Conflict):
    """Only a draft can be deleted: this plan may have been sold. Set it inactive instead."""


class PlanCanNotBeDraft(Conflict):
    """A plan that was published does not become a draft again; set it inactive instead."""


class PlanGroupNotFound(NotFound):
    """There is no such plan group."""


class PlanGroupExists(Conflict):
    """A plan group has this name already."""


class PlanGroupInUse(Conflict):
    """There are plans in this group; move them to another one first."""


class FileUnreadable(Invalid):
    """This is not a file of plans: CSV in UTF-8, or XLSX, with a row of column names first."""


class ImportRefused(Invalid):
    """Nothing was imported: `bad_rows` says what is wrong, row by row."""
