"""Backups and the work on them, as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gencharge.backups import findings, names
from gencharge.backups.models import BackupRun, RunKind, RunStatus
from gencharge.backups.service import Backup
from gencharge.backups.staff_schemas import (
    BackupContents,
    BackupDetail,
    BackupOut,
    BackupPart,
    BackupRunOut,
    BackupStatus,
    BackupVerification,
)
from gencharge.core.http import language
from gencharge.core.values import clock

_STATUS: Final = {
    RunStatus.WAITING: BackupStatus.WAITING,
    RunStatus.RUNNING: BackupStatus.RUNNING,
    RunStatus.SUCCEEDED: BackupStatus.READY,
    RunStatus.FAILED: BackupStatus.FAILED,
    RunStatus.CANCELLED: BackupStatus.CANCELLED,
}


def run_out(run: BackupRun) -> BackupRunOut:
    """Work on a backup. Percent and pace are those of the bytes, and only about right."""
    percent = seconds_left = None
    if run.status == RunStatus.SUCCEEDED:
        percent, seconds_left = 100.0, 0
    elif run.status == RunStatus.RUNNING and run.total_bytes and run.started_at is not None:
        percent = round(min(99.0, run.done_bytes * 100 / run.total_bytes), 1)
        if run.done_bytes:
            spent = (clock.now() - run.started_at).total_seconds()
            left = max(0, run.total_bytes - run.done_bytes)
            seconds_left = round(spent / run.done_bytes * left)
    return BackupRunOut(
        backup_run_id=run.run_id,
        kind=RunKind(run.kind),
        backup=run.backup_id,
        status=RunStatus(run.status),
        stage=run.stage,
        done_bytes=run.done_bytes,
        total_bytes=run.total_bytes,
        percent=percent,
        seconds_left=seconds_left,
        database=run.options.get("database"),
        mongo_database=run.options.get("mongo_database"),
        problems=findings.in_words(run.result, language.spoken()),
        failure=run.failure,
        attempts=run.attempts,
        requested_by=run.requested_by,
        created_at=run.created_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
    )


def pending_out(run: BackupRun) -> BackupOut:
    """A backup that is not in the storage: not yet, or never."""
    return BackupOut(
        backup=run.backup_id,
        status=_STATUS[RunStatus(run.status)],
        description=run.options.get("description", ""),
        tables=run.options.get("tables", []),
        begun_at=names.made_at(run.backup_id),
        size_bytes=None,
        duration_seconds=None,
        encrypted=None,
        contents=None,
        verification=None,
        requested_by=run.requested_by,
        run=run_out(run),
    )


def ready_out(backup: Backup, run: BackupRun | None) -> BackupOut:
    """A backup that is in the storage. `run`: how a worker made it."""
    known, verification = backup.description, backup.verification
    return BackupOut(
        backup=backup.backup_id,
        status=BackupStatus.READY,
        description=str(known.get("description", "")),
        tables=known.get("selection", []),
        begun_at=backup.made_at,
        size_bytes=backup.size_bytes,
        duration_seconds=known.get("duration_seconds"),
        encrypted=backup.key.endswith(names.SEALED_ENDING),
        contents=BackupContents.model_validate(backup.summary) if known else None,
        verification=_verification_out(verification) if verification else None,
        requested_by=run.requested_by if run is not None else None,
        run=run_out(run) if run is not None else None,
    )


def _verification_out(verification: Mapping[str, Any]) -> BackupVerification:
    problems = findings.in_words(verification, language.spoken())
    return BackupVerification(at=verification["at"], ok=verification["ok"], problems=problems)


def detail_out(backup: BackupOut, known: Mapping[str, Any]) -> BackupDetail:
    """A backup with what its manifest says; `known` is empty if there is none."""
    parts = [
        BackupPart(name=name, size_bytes=part["size_bytes"], sha256=part["sha256"])
        for name, part in known.get("parts", {}).items()
    ]
    return BackupDetail(
        **{name: getattr(backup, name) for name in BackupOut.model_fields},
        parts=parts,
        migration=known.get("revision"),
        gencharge=known.get("gencharge"),
    )
