"""What is told of the backups: how old the last good one is, how large, how long it took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.backups import service
from gencharge.backups.service import Backup
from gencharge.core.events import delivered
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores

LAST_GOOD: Final = Gauge(
    "gencharge_backup_last_good_timestamp_seconds",
    "When the newest backup was begun that holds everything and whose restore was verified; 0: there is none",
)
SIZE: Final = Gauge("gencharge_backup_size_bytes", "Size of the newest backup that holds everything")
DURATION: Final = Gauge(
    "gencharge_backup_duration_seconds", "How long the newest backup that holds everything took"
)
EVENTS_SINCE: Final = Gauge(
    "gencharge_delivered_events_since_timestamp_seconds",
    "Since when delivered events are stored, for a MongoDB from an older backup (Unix time); 0: none is",
)
EVENTS_SIZE: Final = Gauge("gencharge_delivered_events_size_bytes", "What they take in PostgreSQL")
_AT_A_TIME: Final = 10


@dataclass(frozen=True, slots=True)
class Measures:
    """The newest backup of everything, and the newest one of these whose restore was verified; None: there is none."""

    newest: Backup | None
    last_good: Backup | None


async def measure(settings: Settings) -> Measures:
    """Look from the newest backup on until a good one is found. Raises StorageUnavailable."""
    newest = None
    keys = await service.list_keys(settings)
    for some in _batches(list(keys)):
        for backup in await service.describe(settings, {backup_id: keys[backup_id] for backup_id in some}):
            if backup.description.get("selection"):
                continue
            newest = newest or backup
            if backup.verified_ok:
                return Measures(newest, backup)
    return Measures(newest, None)


async def tell(settings: Settings) -> None:
    """Set the gauges of this process. Raises StorageUnavailable."""
    measures = await measure(settings)
    LAST_GOOD.set(measures.last_good.made_at.timestamp() if measures.last_good else 0)
    SIZE.set(measures.newest.size_bytes if measures.newest else 0)
    DURATION.set(measures.newest.description.get("duration_seconds", 0) if measures.newest else 0)


async def tell_of_events(stores: Stores) -> None:
    """Set the gauges of the delivered events. Raises DatabaseUnavailable."""

    async def look(db: AsyncSession) -> tuple[datetime | None, int]:
        return await delivered.get_since(db), await delivered.get_size(db)

    since, size = await stores.database.run(look)
    EVENTS_SINCE.set(since.timestamp() if since else 0)
    EVENTS_SIZE.set(size)


def age_seconds(measures: Measures, now: datetime) -> float | None:
    """How old the last good backup is; None if there is none."""
    return (now - measures.last_good.made_at).total_seconds() if measures.last_good else None


def _batches(ids: list[str]) -> list[list[str]]:
    return [ids[start : start + _AT_A_TIME] for start in range(0, len(ids), _AT_A_TIME)]
