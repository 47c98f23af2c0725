"""Report files as the API shows them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.reports import files_service
from gencharge.reports.models import FileStatus, ReportFile


def file_of(**fields: Any) -> ReportFile:
    now = clock.now()
    values: dict[str, Any] = {
        "file_id": new_id(),
        "requested_by": new_id(),
        "report": "users",
        "file_format": "csv",
        "query": {"filters": {}, "columns": None},
        "status": FileStatus.RUNNING,
        "rows": 0,
        "attempts": 1,
        "created_at": now,
        "started_at": now - timedelta(seconds=10),
        "expires_at": now,
    }
    return ReportFile(**(values | fields))


@pytest.mark.parametrize(
    ("fields", "percent", "seconds_left"),
    [
        ({"rows": 0, "total_rows": None}, None, None),
        ({"rows": 0, "total_rows": 100}, 0.0, None),
        ({"rows": 25, "total_rows": 100}, 25.0, 30),
        ({"rows": 120, "total_rows": 100}, 100.0, 0),
        ({"rows": 0, "total_rows": 0}, None, None),
        ({"rows": 7, "total_rows": None, "status": FileStatus.READY}, 100.0, 0),
        ({"rows": 25, "total_rows": 100, "status": FileStatus.CANCELLED}, 25.0, None),
    ],
)
def test_percent_and_pace_are_those_of_the_rows(
    fields: dict[str, Any], percent: float | None, seconds_left: int | None
) -> None:
    shown = files_service.show(file_of(**fields))
    assert (shown.percent, shown.seconds_left) == (percent, seconds_left)


def test_each_attempt_has_a_key_of_its_own() -> None:
    file = file_of(attempts=2)
    assert files_service.key_of(file) == f"reports/{file.file_id}-2.csv"
    assert files_service.key_of(file, 1) == f"reports/{file.file_id}-1.csv"
