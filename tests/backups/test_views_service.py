"""What the API shows of work: percent and seconds only where they can be told."""

from __future__ import annotations

from contextvars import copy_context
from datetime import timedelta
from typing import Any

import pytest

from gencharge.backups import findings, manifest
from gencharge.backups.models import BackupRun
from gencharge.backups.views_service import pending_out, run_out
from gencharge.core.http import language
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id


def run(**overrides: Any) -> BackupRun:
    values: dict[str, Any] = {
        "run_id": new_id(),
        "kind": "create",
        "backup_id": "20261122t000000z-0a1b2c3d",
        "options": {"description": "Nightly", "tables": []},
        "result": {},
        "status": "running",
        "stage": "PostgreSQL",
        "done_bytes": 0,
        "attempts": 1,
        "created_at": clock.now(),
        "started_at": clock.now() - timedelta(seconds=10),
    }
    return BackupRun(**(values | overrides))


@pytest.mark.parametrize(
    ("overrides", "percent"),
    [
        ({}, None),
        ({"total_bytes": 200}, 0.0),
        ({"total_bytes": 200, "done_bytes": 50}, 25.0),
        # An estimate that was too small never says that all is done.
        ({"total_bytes": 200, "done_bytes": 900}, 99.0),
        ({"status": "succeeded"}, 100.0),
        ({"status": "failed", "total_bytes": 200, "done_bytes": 50}, None),
    ],
)
def test_percent_is_that_of_the_bytes(overrides: dict[str, Any], percent: float | None) -> None:
    assert run_out(run(**overrides)).percent == percent


def test_the_seconds_left_follow_from_the_pace() -> None:
    left = run_out(run(total_bytes=200, done_bytes=50)).seconds_left
    assert left is not None
    assert 29 <= left <= 31


def test_a_backup_that_is_not_there_yet_has_no_size() -> None:
    shown = pending_out(run())
    assert (shown.status, shown.size_bytes, shown.description) == ("running", None, "Nightly")


@pytest.mark.parametrize(
    ("header", "problem"), [(b"en", "revision is 1, and was 2"), (b"hi", "revision अब 1 है, पहले 2 था")]
)
def test_what_a_worker_found_to_be_wrong_is_said_in_the_callers_language(header: bytes, problem: str) -> None:
    result = findings.stored(manifest.differences({"revision": "2"}, {"revision": "1"}))

    def problems() -> list[str]:
        language.begin(header)
        return run_out(run(status="failed", result=result)).problems

    # In a context of its own: the language is that of one request.
    assert copy_context().run(problems) == [problem]
