"""How much waits, for the metrics; and what events report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.wording import ENGLISH, as_stored, in_language
from gencharge.work import crud
from gencharge.work.models import WorkKind

_LONGEST_TITLE: Final = 500


async def count_waiting(db: AsyncSession) -> Mapping[WorkKind, tuple[int, datetime | None]]:
    """Of each kind: how many wait (up to 500), and since when the oldest one does."""
    instants: dict[WorkKind, list[datetime]] = {kind: [] for kind in WorkKind}
    for row in await crud.list_waiting(db, list(WorkKind)):
        instants[row.kind].append(row.since)
    return {kind: (len(since), min(since, default=None)) for kind, since in instants.items()}


async def report(
    db: AsyncSession,
    kind: WorkKind,
    item_id: str,
    *,
    title: str,
    path: str,
    at: datetime,
    operator: str | None = None,
) -> None:
    """Put something on the list that an event reported. Again: it stays as it is. A `Worded` title is read in each admin's own language."""
    stored = {"title": in_language(title, ENGLISH)[:_LONGEST_TITLE], "wording": as_stored(title)}
    await crud.put_report(db, kind, item_id, **stored, path=path, reported_at=at, operator=operator)


async def close(db: AsyncSession, kind: WorkKind, item_id: str) -> bool:
    """Take it off the list. False if it is not on it."""
    return await crud.close_report(db, kind, item_id)
