"""Every kind of work has the permission that shows it."""

from __future__ import annotations

from gencharge.work.models import WorkKind
from gencharge.work.staff_service import RESOURCES


def test_every_kind_of_work_is_shown_to_somebody() -> None:
    assert RESOURCES.keys() == set(WorkKind)
