"""Figures of backups: how many there are, how large, how long they take, how often the work succeeds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from gencharge.backups import figures_crud, measuring_service, service
from gencharge.backups.figures_schemas import BackupDay, BackupFigures, BackupPeriod
from gencharge.backups.models import RunKind, RunStatus
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.clock import IST

_PERIODS: Final = {"7 days": 7, "30 days": 30, "3 months": 91, "6 months": 182, "12 months": 365}
_LONGEST: Final = timedelta(days=365)
_SHOWN_DAYS: Final = 30


async def read(stores: Stores) -> BackupFigures:
    """All figures of backups. Raises StorageUnavailable, DatabaseUnavailable."""
    now = clock.now()
    files = await service.list_keys(stores.settings)
    measures = await measuring_service.measure(stores.settings)
    days = await stores.database.run(lambda db: figures_crud.list_days(db, now - _LONGEST))
    today = now.astimezone(IST).date()
    good, newest = measures.last_good, measures.newest
    age = measuring_service.age_seconds(measures, now)
    return BackupFigures(
        backups=len(files),
        size_bytes=sum(file.size_bytes for file in files.values()),
        newest=newest.backup_id if newest else None,
        newest_size_bytes=newest.size_bytes if newest else None,
        newest_duration_seconds=newest.description.get("duration_seconds") if newest else None,
        last_good=good.backup_id if good else None,
        last_good_age_seconds=round(age) if age is not None else None,
        periods=[
            BackupPeriod(
                period=name,
                **_sums(row for row in days if row.day > today - timedelta(days=length)),
            )
            for name, length in _PERIODS.items()
        ],
        days=[
            BackupDay(day=day, **_sums(row for row in days if row.day == day))
            for day in (today - timedelta(days=back) for back in range(_SHOWN_DAYS))
        ],
    )


def _sums(rows: Iterable[Any]) -> dict[str, Any]:
    by_end = list(rows)

    def runs(kind: RunKind, status: RunStatus) -> int:
        return sum(row.runs for row in by_end if row.kind == kind and row.status == status)

    created = [row for row in by_end if row.kind == RunKind.CREATE and row.status == RunStatus.SUCCEEDED]
    count = sum(row.runs for row in created)
    succeeded = sum(row.runs for row in by_end if row.status == RunStatus.SUCCEEDED)
    ended = sum(row.runs for row in by_end)
    return {
        "created": count,
        "verified": runs(RunKind.VERIFY, RunStatus.SUCCEEDED),
        "restored": runs(RunKind.RESTORE, RunStatus.SUCCEEDED),
        "failed": ended - succeeded,
        "success_percent": round(succeeded * 100 / ended, 1) if ended else None,
        "average_seconds": round(float(sum(row.seconds for row in created)) / count, 1) if count else None,
        "largest_bytes": max((row.largest_bytes or 0 for row in created), default=None),
    }
