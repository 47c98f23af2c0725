"""What is counted of the work on backups. What the storage holds is not in PostgreSQL: see `/backups/figures`."""

from __future__ import annotations

from typing import Final

from gencharge.analytics.areas import Area, Fact, State
from gencharge.sessions.guards import Resource

_RUNS: Final = "FROM backup_runs WHERE {} AND ended_at IS NOT NULL"
_KEYS: Final = {
    "kind": "kind",
    "asked_by": "CASE WHEN requested_by IS NULL THEN 'schedule' ELSE 'staff' END",
}


def _ended(name: str, means: str, condition: str, **more: str) -> Fact:
    return Fact(name, means, source=_RUNS.format(condition), at="ended_at", keys=_KEYS | more)


BACKUPS: Final = Area(
    name="backups",
    title="the work on backups",
    resource=Resource.BACKUPS,
    tables=("backup_runs",),
    changed_at="greatest(created_at, started_at, ended_at)",
    main="created",
    is_kept=False,
    facts=(
        _ended(
            "created",
            "Backups that workers made. What the command line made is not among them.",
            "kind = 'create' AND status = 'succeeded'",
        ),
        _ended(
            "verified",
            "Backups that were restored into scratch databases, and are good.",
            "kind = 'verify' AND status = 'succeeded'",
        ),
        _ended(
            "restored",
            "Restores that succeeded, in place or into other databases.",
            "kind IN ('restore', 'restore_in_place') AND status = 'succeeded'",
        ),
        _ended(
            "failed",
            "Work of all kinds that failed; a backup that was verified and is not good, too.",
            "status = 'failed'",
            failure="failure",
        ),
        _ended("cancelled", "Work of all kinds that the staff cancelled.", "status = 'cancelled'"),
    ),
    cuts={
        "kind": "All that ended, by what was done.",
        "asked_by": "All that ended, by who asked for it: the schedule, or the staff.",
        "failure": "What failed, by the reason.",
    },
    cut_facts={
        "kind": ("created", "verified", "restored", "failed", "cancelled"),
        "asked_by": ("created", "verified", "restored", "failed", "cancelled"),
        "failure": ("failed",),
    },
    state=State(
        "Work on backups that waits for a worker or is being done.",
        source="FROM backup_runs WHERE status IN ('waiting', 'running')",
        keys={"status": "status", "open_kind": "kind"},
    ),
    state_cuts={
        "status": "`waiting`: for a worker; `running`: it is being done.",
        "open_kind": "Open work by what is to be done.",
    },
)
